"""Addresses of subscriptions: two public pages, and those of orders, which no cache keeps."""

from django.urls import path

from . import views

urlpatterns = [
    path("products/subscribe/", views.plans, name="plans"),
    path("products/content-sales/", views.content_sales, name="content_sales"),
    path("orders/new/<slug:slug>/", views.order_plan, name="order_plan"),
    path("orders/asked/", views.order_asked, name="order_asked"),
    path("orders/licence/", views.ask_licence, name="ask_licence"),
    path("orders/licence/asked/", views.licence_asked, name="licence_asked"),
    path("orders/hooks/<slug:name>/", views.payment_hook, name="payment_hook"),
    path("orders/sandbox/<str:token>/", views.sandbox, name="sandbox"),
    path("orders/by-link/<str:token>/", views.order_page, name="order"),
]
