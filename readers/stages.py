"""What may stand between a right password and being logged in."""

from allauth.account.stages import LoginStage
from allauth.mfa.internal.constants import LoginStageKey
from allauth.mfa.models import Authenticator


class SecondStep(LoginStage):
    """allauth's second step, which loads its libraries, for those alone who have one. One query."""

    key = LoginStageKey.MFA_AUTHENTICATE.value
    urlname = "mfa_authenticate"

    def handle(self):
        """(response that asks for it or None, whether the login goes on)."""
        if not Authenticator.objects.filter(user=self.login.user).exists():
            return None, True
        from allauth.mfa.stages import AuthenticateStage

        return AuthenticateStage(self.controller, self.request, self.login).handle()
