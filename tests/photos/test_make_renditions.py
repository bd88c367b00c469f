"""manage.py make_renditions."""

import io
import os
import subprocess
import sys

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from photos.models import Photo
from tests.factories import make_photo
from tests.photos.files import jpeg


def run(*args):
    """What the command says, run in this process."""
    out = io.StringIO()
    call_command("make_renditions", *args, "--processes=1", stdout=out)
    return out.getvalue()


def make(count=1):
    return [make_photo(data=jpeg((120, 80))) for _ in range(count)]


@pytest.mark.django_db
def test_it_makes_the_pictures_of_photos_that_have_none():
    photos = make(3)
    said = run()
    assert said.endswith("pictures made of 3 photos.\n")
    for photo in photos:
        photo.refresh_from_db()
        assert default_storage.exists(photo.picture("1x1").src.removeprefix("/media/"))


@pytest.mark.django_db
def test_it_does_nothing_the_second_time():
    make(2)
    run()
    assert run() == "0 pictures made of 0 photos.\n"
    assert run("--all") == "0 pictures made of 2 photos.\n"


@pytest.mark.django_db
def test_it_makes_again_what_is_missing():
    (photo,) = make()
    run()
    photo.refresh_from_db()
    default_storage.delete(photo.picture().src.removeprefix("/media/"))
    assert run("--all") == "1 pictures made of 1 photos.\n"


@pytest.mark.django_db
def test_it_names_what_failed_and_makes_the_rest():
    lost, broken, good = make(3)
    default_storage.delete(lost.file.name)
    default_storage.delete(broken.file.name)
    default_storage.save(broken.file.name, io.BytesIO(b"no picture"))
    with pytest.raises(CommandError) as failed:
        run()
    lines = str(failed.value).splitlines()
    assert lines[0] == "No pictures could be made of:"
    assert {line.strip().partition(":")[0] for line in lines[1:]} == {lost.original_name, broken.original_name}
    assert [photo.pk for photo in Photo.objects.exclude(rendered_at=None)] == [good.pk]


@pytest.mark.django_db
def test_it_is_quiet_when_asked(capsys):
    make()
    out = io.StringIO()
    call_command("make_renditions", "--processes=1", stdout=out, verbosity=0)
    assert out.getvalue() == ""
    assert capsys.readouterr() == ("", "")


SPAWN = """
import multiprocessing, sys
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    import django
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    call_command("make_renditions", "--processes=2")
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_it_works_in_several_processes(tmp_path, settings, method):
    """However the system starts them: Linux forks, macOS and newer Pythons begin anew."""
    photos = make(3)
    script = tmp_path / "spawn.py"
    script.write_text(SPAWN)
    database = connection.settings_dict
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    if database["HOST"].startswith("/"):
        address = "postgresql:///{NAME}?host={HOST}&port={PORT}&user={USER}".format(**database)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "newsroom.settings",
        "NEWSROOM_ENV": "local",
        "MEDIA_ROOT": settings.MEDIA_ROOT,
        "DATABASE_URL": address,
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    done = subprocess.run(
        [sys.executable, script, method], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.endswith("pictures made of 3 photos.\n"), done.stderr
    for photo in photos:
        photo.refresh_from_db()
        assert photo.rendered_at
