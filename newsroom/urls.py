"""The map of the site. Sections and static pages come last: they take every address that is left."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.http import require_POST
from django.views.generic import RedirectView
from django.views.i18n import set_language

from articles import feeds
from articles.views import archive, columns, corrections, lists, search
from articles.views import story as stories
from editions import views as editions
from newsletters import views as letters
from paywall import views as paywall
from photos import views as photos
from rankings import views as rankings
from readers import views as readers
from sections import views as sections

from . import views

handler404 = "newsroom.views.page_not_found"
handler500 = "newsroom.views.server_error"
handler429 = "readers.account_views.too_many"

TOKEN = r"(?P<token>[0-9a-f]{32})"
PICTURE, FILM = r"(?P<name>[0-9a-z-]{1,40}\.(?:webp|avif|jpg))", r"(?P<extension>mp4|webm|vtt)"
# The second file of a sitemap and those after it; the first has no number.
PART = r"(?:-(?P<part>[2-9]|[1-9][0-9]{1,3}))?"

DAY = r"(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})"
PRINTED_PAGE = r"(?P<page>[1-9][0-9]{0,2})-(?P<width>[0-9]{3,4})\.webp"

story = [
    path("", stories.article, name="article"),
    path("print/", stories.print_preview, name="print"),
    path("changes/", stories.changes, name="changes"),
    re_path(r"^photos/(?P<photo>[0-9a-f]{8})/$", stories.photo, name="photo"),
]

urlpatterns = [
    path("", views.front, name="front"),
    re_path(
        r"^front/(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})/(?P<clock>[0-9]{4})/(?:(?P<path>.+)/)?$",
        views.front_at,
        name="front_at",
    ),
    path("search/", search.search, name="search"),
    path("reporters/", lists.reporters, name="reporters"),
    path("reporters/<str:slug>/", lists.reporter, name="reporter"),
    path("topics/", lists.topics, name="topics"),
    path("topics/<str:slug>/", lists.topic, name="topic"),
    path("columns/", columns.columns, name="columns"),
    path("columns/<str:slug>/", columns.column, name="column"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("archive/", archive.archive, name="archive"),
    path("today-in-history/", archive.today_in_history, name="today_in_history"),
    path("today-in-history/<str:day>/", archive.today_in_history, name="today_in_history"),
    re_path(r"^(?P<year>[0-9]{4})/$", archive.year, name="year"),
    re_path(r"^(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/$", archive.month, name="month"),
    re_path(r"^(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})/$", archive.day, name="day"),
    re_path(r"^(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})/(?P<slug>[\w-]{1,120})/", include(story)),
    re_path(r"^feeds/(?P<name>.+)\.(?P<form>rss|atom|json)$", feeds.feed, name="feed"),
    path("epaper/", editions.newest, name="epaper"),
    path("epaper/cover", editions.cover, name="epaper_cover"),
    re_path(r"^epaper/(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/$", editions.month, name="epaper_month"),
    re_path(rf"^epaper/{DAY}/$", editions.edition, name="edition"),
    re_path(rf"^epaper/{DAY}/{PRINTED_PAGE}$", editions.picture),
    re_path(rf"^epaper/{DAY}/edition\.pdf$", editions.pdf),
    re_path(rf"^reading-room/{DAY}/$", editions.reading_room, name="reading_room"),
    re_path(rf"^reading-room/{DAY}/{PRINTED_PAGE}$", editions.picture, {"room": True}),
    re_path(rf"^reading-room/{DAY}/edition\.pdf$", editions.pdf, {"room": True}),
    path("products/rss/", feeds.service, name="rss_service"),
    path("", include("subscriptions.urls")),
    path("sitemap/", views.site_map, name="sitemap"),
    path("newsletters/", letters.newsletters, name="newsletters"),
    re_path(r"^newsletters/hooks/(?P<provider>[a-z0-9-]{1,40})/$", letters.hook, name="mail_hook"),
    re_path(r"^newsletters/hooks/services/(?P<service>[a-z-]{1,40})/$", letters.service_hook, name="service_hook"),
    re_path(r"^newsletters/(?P<slug>[\w-]{1,60})/$", letters.newsletter, name="newsletter"),
    re_path(
        r"^newsletters/(?P<slug>[\w-]{1,60})/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})/$",
        letters.issue,
        name="newsletter_issue",
    ),
    path("account/newsletters/", letters.account_letters, name="account_letters"),
    path("letters/order/", letters.order, name="letter_order"),
    path("letters/asked/", letters.asked, name="letter_asked"),
    path("letters/confirm/<str:token>/", letters.confirm, name="letter_confirm"),
    path("letters/end/<str:token>/", letters.end, name="letter_end"),
    path("letters/digest/<str:token>/", letters.end, {"of": "digest"}, name="digest_end"),
    path("letters/preferences/<str:token>/", letters.preferences, name="letter_preferences"),
    path("mail/", letters.mails, name="mails"),
    re_path(r"^mail/(?P<name>[\w.-]{1,160})/$", letters.mail, name="mail"),
    re_path(r"^mail/(?P<name>[\w.-]{1,160})/html/$", letters.mail_html, name="mail_html"),
    path("policy/crawlers/", sections.crawlers, name="crawlers"),
    path("robots.txt", sections.robots),
    path("ads.txt", sections.ads),
    path(".well-known/security.txt", sections.security, name="security"),
    path("security.txt", RedirectView.as_view(pattern_name="security", permanent=True)),
    path("sitemap.xml", views.sitemap_index),
    re_path(rf"^sitemaps/articles-(?P<year>[0-9]{{4}})-(?P<month>0[1-9]|1[0-2]){PART}\.xml$", views.sitemap_month),
    re_path(
        rf"^sitemaps/(?P<name>pages|sections|columns|topics|reporters|newsletters){PART}\.xml$", views.sitemap_list
    ),
    re_path(r"^sitemaps/news(?:-(?P<part>[1-9][0-9]{0,3}))?\.xml$", views.sitemap_news),
    path("rest/<int:pk>/", paywall.rest, name="rest"),
    path("rest/<int:pk>/text/", paywall.text, name="rest_text"),
    path("", include("mypaper.urls")),
    path("", include("readers.account_urls")),
    path("reads/", rankings.reads, name="reads"),
    re_path(rf"^media/p/[0-9a-f]{{2}}/{TOKEN}/{PICTURE}$", photos.picture),
    re_path(rf"^media/films/[0-9a-f]{{2}}/{TOKEN}\.{FILM}$", photos.film),
    re_path(r"^preview/(?P<token>[0-9a-f]{32})/$", stories.outside_preview, name="preview"),
    re_path(rf"^preview/(?P<link>[0-9a-f]{{32}})/media/p/[0-9a-f]{{2}}/{TOKEN}/{PICTURE}$", photos.preview_picture),
    re_path(rf"^preview/(?P<link>[0-9a-f]{{32}})/media/films/[0-9a-f]{{2}}/{TOKEN}\.{FILM}$", photos.preview_film),
    path("health/", views.health, name="health"),
    # In front of the admin's own pages of that address, which know no second factor.
    path("admin/login/", readers.StaffSignIn.as_view()),
    path("admin/login/code/", readers.code, name="staff_code"),
    path("admin/password_change/", admin.site.admin_view(readers.PasswordChange.as_view())),
    path("admin/account/", admin.site.admin_view(readers.account), name="staff_account"),
    path("admin/account/sessions/", admin.site.admin_view(readers.end), name="staff_sessions"),
    path("admin/account/second-factor/", admin.site.admin_view(readers.factor), name="staff_factor"),
    path("admin/language/", admin.site.admin_view(require_POST(set_language)), name="desk_language"),
    path("admin/", admin.site.urls),
    path("<path:path>/", sections.by_path, name="by_path"),
    re_path(r"^(?P<path>.*[^/])$", sections.without_slash),
]
