"""Handing a mail over: to an SMTP server, or into a folder where no server is configured (the embedded default).

`post` calls `before_data` when the server has taken sender and recipient and nothing of the mail has been handed over
yet: up to there a mail certainly was not sent.
"""

import os
import re
import smtplib
import ssl
from email.generator import BytesGenerator
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

TIMEOUT = 30


class Refused(Exception):
    """The server refused a mail, so nothing was sent. `permanent`: for ever; `whom`: sender, recipient or mail."""

    def __init__(self, code, said, whom):
        said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        super().__init__(f"{code} {' '.join(said.split())}"[:500])
        self.permanent, self.whom = 500 <= code < 600, whom
        # 5.7.x (RFC 3463): what the server thinks of the sender, which says nothing about the mailbox.
        self.is_policy = bool(re.match(r"5\.7\.", said))


class Unreachable(Exception):
    """There is no connection to the server; certainly nothing was sent."""


class Lost(Exception):
    """The connection broke after the mail had been handed over and before the server said what became of it."""


def bytes_of(mail):
    """An EmailMessage as it goes over the line."""
    out = BytesIO()
    BytesGenerator(out, policy=mail.policy).flatten(mail)
    return out.getvalue()


class SmtpPost:
    """One connection to the server of EMAIL_HOST, opened when it is needed. Use it with `with`."""

    # Servers end long sessions; a new one in time is no failure.
    MOST = 100

    def __init__(self):
        self._smtp, self._used = None, 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Says goodbye to the server."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()
        self._smtp, self._used = None, 0

    def _connect(self):
        if self._smtp is not None and self._used < self.MOST:
            return self._smtp
        self.close()
        secure = ssl.create_default_context()
        options = {"host": settings.EMAIL_HOST, "port": settings.EMAIL_PORT, "timeout": TIMEOUT}
        try:
            if settings.EMAIL_USE_SSL:
                self._smtp = smtplib.SMTP_SSL(**options, context=secure)
            else:
                self._smtp = smtplib.SMTP(**options)
                if settings.EMAIL_USE_TLS:
                    self._smtp.starttls(context=secure)
            if settings.EMAIL_HOST_USER:
                self._smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            self._smtp.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unreachable(f"The mail server does not take mails now: {error}"[:500]) from error
        return self._smtp

    def _drop(self):
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    def post(self, mail, sender, recipient, before_data):
        """Hands a mail over. Refused, Unreachable or Lost where that failed; whatever `before_data` raises stops it."""
        smtp = self._connect()
        self._used += 1
        data = bytes_of(mail)
        try:
            self._say(*smtp.mail(sender), "sender")
            self._say(*smtp.rcpt(recipient), "recipient")
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unreachable(f"The connection to the mail server broke: {error}"[:500]) from error
        try:
            before_data()
        except BaseException:
            self._drop()
            raise
        try:
            code, said = smtp.data(data)
        except smtplib.SMTPDataError as error:  # it did not want to hear the mail
            self._reset()
            raise Refused(error.smtp_code, error.smtp_error, "mail") from None
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Lost(f"The connection broke while the mail was handed over: {error}"[:500]) from error
        self._say(code, said, "mail")

    def _say(self, code, said, whom):
        if code in (250, 251):
            return
        if code == 421:
            self._drop()
        else:
            self._reset()
        raise Refused(code, said, whom)

    def _reset(self):
        try:
            self._smtp.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()


class FolderPost:
    """Writes mails as .eml files into EMAIL_FILE_PATH, named after their message ids."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def post(self, mail, sender, recipient, before_data):
        """Writes a mail; one of the same message id is written once."""
        before_data()
        try:
            write_file(mail["Message-ID"], bytes_of(mail))
        except OSError as error:
            raise Unreachable(f"The folder for mails cannot be written: {error}"[:500]) from error


def write_file(message_id, data):
    """Puts a mail into the folder, at once and whole; returns its path. What is there already stays."""
    folder = Path(settings.EMAIL_FILE_PATH)
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "_", str(message_id).strip("<>"), flags=re.ASCII)[:150]
    path, fresh = folder / f"{name}.eml", folder / f".{name}.{os.getpid()}"
    fresh.write_bytes(data)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path


def open_post():
    """The way in which mails leave, by the settings."""
    return SmtpPost() if settings.EMAIL_HOST else FolderPost()


class FolderBackend(BaseEmailBackend):
    """Django's own mails (of accounts, of errors) in the same folder."""

    def send_messages(self, email_messages):
        """Writes the mails; returns how many."""
        for message in email_messages:
            mail = message.message()
            write_file(mail["Message-ID"], mail.as_bytes())
        return len(email_messages)
