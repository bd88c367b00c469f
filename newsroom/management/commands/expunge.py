"""manage.py expunge: a story or a photo goes for good, on a legal order."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from articles.models import Article
from newsroom.expunging import expunge_photo, expunge_story, used_by
from photos.models import Photo
from readers.models import User


class Command(BaseCommand):
    help = (
        "Deletes a story or a photo with all that keeps its content: versions, notes, logs, files. It cannot be "
        "undone and is for legal orders alone; everything else is withdrawn in the admin. The audit log keeps who "
        "did it, when and why."
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=["story", "photo"])
        parser.add_argument("number", type=int, help="The number of the row, as in the address of its admin page.")
        parser.add_argument("--by", required=True, metavar="USERNAME", help="The administrator who orders it.")
        parser.add_argument("--reason", required=True, help="Kept in the audit log: court and number of the order.")
        parser.add_argument("--photos", action="store_true", help="Also the story's photos that nothing else uses.")
        parser.add_argument("--no-input", action="store_true", help="Do not ask.")

    def handle(self, *args, kind, number, by, reason, photos, no_input, **options):
        model = {"story": Article, "photo": Photo}[kind]
        obj = model.objects.filter(pk=number).first()
        user = User.objects.filter(username=by).first()
        if obj is None:
            raise CommandError(
                f"There is no {kind} {number}. Its number is in the address of its page in the admin; what lies in the "
                "bin has to be brought back first."
            )
        if user is None:
            raise CommandError(f"There is no account {by}. Name the administrator who orders it.")
        self.stdout.write(f"To expunge: {kind} {number}, “{obj}”.")
        if kind == "story":
            self.stdout.write(f"  {obj.versions.count()} versions, {obj.get_absolute_url()}")
            for photo in Photo.objects.filter(uses__article=obj).distinct() if photos else ():
                others = used_by(photo, but=obj)
                self.stdout.write(f"  photo {photo.pk}, {'kept: ' + ', '.join(others) if others else 'goes too'}")
        if not no_input and input("This cannot be undone. Type the number once more: ").strip() != str(number):
            raise CommandError("Nothing was deleted.")
        try:
            if kind == "story":
                expunge_story(obj, by=user, reason=reason, photos=photos)
            else:
                expunge_photo(obj, by=user, reason=reason)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(self.style.SUCCESS("Gone. Backups and caches of other parties are not ours to clear."))
