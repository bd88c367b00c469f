"""Everybody who can sign in: staff now, readers with accounts later."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower


class User(AbstractUser):
    """A person who can sign in. The e-mail address is unique whatever its case."""

    email = models.EmailField("email address")

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="Another account has this e-mail address.",
            )
        ]

    REQUIRED_FIELDS = ["email"]
