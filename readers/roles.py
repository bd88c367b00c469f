"""The groups of the newsroom and what each may do. Migrations make them; the admin shows and changes them."""

from django.contrib.auth.management import create_permissions

# Permissions as app.codename; "app.model" stands for add, change, delete and view.
STORIES = ("articles.article", "articles.byline", "articles.articlephoto", "articles.relatedarticle", "articles.video")
LOOKED_UP = (
    *("articles.view_reporter", "articles.view_column", "articles.view_tag", "sections.view_section"),
    "photos.view_photo",
)
PAPER = (
    *("sections.section", "sections.menuitem", "sections.mastheadfact", "sections.page", "sections.redirect"),
    *("sections.crawler", "sections.adseller"),
)
ISSUES = ("newsletters.view_newsletter", "newsletters.issue", "newsletters.issuestory", "newsletters.view_delivery")
LETTERS = (
    *("newsletters.newsletter", "newsletters.view_subscriber", "newsletters.change_subscriber"),
    *("newsletters.delete_subscriber", "newsletters.view_subscription", "newsletters.change_delivery"),
)
ORDERS = (
    *("subscriptions.view_order", "subscriptions.change_order", "subscriptions.view_licencerequest"),
    *("subscriptions.change_licencerequest", "subscriptions.view_plan", "subscriptions.view_step"),
    *("subscriptions.view_mail", "subscriptions.change_mail", "subscriptions.view_paymentevent"),
)
EDITIONS = ("editions.add_edition", "editions.change_edition", "editions.view_edition")
ROLES = {
    "Reporter": (*STORIES, *LOOKED_UP, "photos.add_photo"),
    "Photo editor": (
        *("photos.photo", "articles.view_article", "articles.articlephoto", "articles.illustrate_article"),
        *("articles.every_section", *LOOKED_UP),
    ),
    "Section editor": (
        *(*STORIES, "articles.oldaddress", "articles.publish_article", *LOOKED_UP),
        *("articles.add_tag", "articles.change_tag", "articles.add_reporter", "articles.change_reporter"),
        *(
            "articles.view_brokenlink",
            "photos.add_photo",
            "photos.change_photo",
            "rankings.view_storylist",
            "rankings.view_front",
            "rankings.add_placement",
        ),
        *("rankings.change_placement", "rankings.view_readcount", *ISSUES),
    ),
    "Chief editor": (
        *(*ISSUES, "newsletters.send_issue"),
        *(*STORIES, "articles.oldaddress", "articles.publish_article", "articles.every_section"),
        *("articles.illustrate_article", "articles.reporter", "articles.column", "articles.tag", "articles.alias"),
        *("photos.photo", "rankings.front", "rankings.storylist", "rankings.placement"),
        *("rankings.view_readcount", "sections.breakingnews"),
        *EDITIONS,
        *("articles.view_brokenlink", "sections.view_section", "sections.view_binned", "sections.change_binned"),
    ),
    "Web manager": (
        *PAPER,
        "subscriptions.plan",
        *ISSUES,
        *LETTERS,
        *EDITIONS,
        "newsletters.send_issue",
        "articles.view_brokenlink",
        "sections.view_binned",
        "sections.change_binned",
    ),
    "Subscriptions desk": ORDERS,
    "Administrator": (
        *(*ORDERS, "subscriptions.plan"),
        *(*ISSUES, *LETTERS, "newsletters.send_issue"),
        *(*STORIES, "articles.oldaddress", "articles.publish_article", "articles.every_section"),
        *("articles.illustrate_article", "articles.reporter", "articles.column", "articles.tag", "articles.alias"),
        *("photos.photo", "rankings.front", "rankings.storylist", "rankings.placement"),
        *("rankings.view_readcount", "sections.breakingnews"),
        *EDITIONS,
        *(
            *PAPER,
            "articles.view_brokenlink",
            "sections.binned",
            "sections.sectioneditor",
            "readers.user",
            "auth.group",
            "readers.view_auditentry",
        ),
    ),
}
APPS = ("auth", "sections", "photos", "articles", "rankings", "newsletters", "editions", "subscriptions", "readers")


def codes_of(role):
    """The permissions of a role, each as (app, codename)."""
    for word in ROLES[role]:
        app, name = word.split(".")
        names = [name] if "_" in name else [f"{act}_{name}" for act in ("add", "change", "delete", "view")]
        yield from ((app, code) for code in names)


def make_roles(apps):
    """Makes the groups that are missing and gives each group what its role needs; takes nothing away.

    `apps` is the registry, or that of a migration. Permissions of models that do not exist yet are left out, so a
    migration that adds such a model calls this again.
    """
    for label in [config.label for config in apps.get_app_configs() if config.label in APPS]:
        config = apps.get_app_config(label)
        # Django makes permissions after all migrations; these are needed now.
        had, config.models_module = getattr(config, "models_module", None), True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = had
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    known = {
        (permission.content_type.app_label, permission.codename): permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.add(*(known[code] for code in codes_of(role) if code in known))
