from django.db import migrations, models

# The front page as it stood before: its lists, and the sections that had a block of a fixed size.
LAYOUTS = {
    **{"front-lead": "lead", "front-top": "secondary", "opinion": "opinion", "darkroom": "pictures"},
    **{"video": "video", "cartoon": "feature", "history": "feature"},
}
BLOCKS = {
    **{"national": ("wide", 6), "business": ("half", 4), "finance": ("half", 4), "lifestyle": ("quarter", 4)},
    **{"entertainment": ("quarter", 4), "sports": ("quarter", 4), "world": ("quarter", 4)},
    "north-korea": ("cards", 3),
}
ORDER = (
    *("front-lead", "front-top", "opinion", "national", "business", "finance", "darkroom", "lifestyle"),
    *("entertainment", "sports", "world", "video", "north-korea", "cartoon", "history"),
)


def make_front_page(apps, schema_editor):
    """Makes zones of the lists of an existing paper; a new one gets them from the fixture `lists`."""
    Front, StoryList = apps.get_model("rankings", "Front"), apps.get_model("rankings", "StoryList")
    Section = apps.get_model("sections", "Section")
    if not StoryList.objects.filter(slug="front-lead").exists():
        return
    front = Front.objects.create()
    for slug, layout in LAYOUTS.items():
        StoryList.objects.filter(slug=slug).update(front=front, layout=layout)
    for section in Section.objects.filter(path__in=BLOCKS):
        layout, size = BLOCKS[section.path]
        StoryList.objects.create(
            slug=f"front-{section.path}",
            title=section.name,
            section=section,
            front=front,
            layout=layout,
            size=size,
            fill="latest",
            repeats=False,
            shown_on="front",
        )
    for number, slug in enumerate(ORDER, 1):
        StoryList.objects.filter(slug__in=[slug, f"front-{slug}"], front=front).update(position=number)
    StoryList.objects.filter(front=None, position__lt=20).update(position=models.F("position") + 20)


class Migration(migrations.Migration):
    dependencies = [("rankings", "0004_fronts")]

    operations = [migrations.RunPython(make_front_page, migrations.RunPython.noop, elidable=True)]
