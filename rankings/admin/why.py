"""Why a story stands where it stands, in words for the desk, and who may change that."""

from django.utils.translation import gettext

from articles.desks import desk_of
from sections.admin_base import seoul


def because(ranked):
    """The sum behind a computed entry, as a sentence; None: one that is looked for when the page is made."""
    if ranked is None:
        return gettext("The newest that the zones above do not show")
    sums = ranked.breakdown
    if sums.get("because") != "read":
        return gettext("Newest: not read enough to be ranked")
    text = gettext("%(reads)s reads in %(window)s hours; score %(score)s, as a read counts half after %(half)s hours")
    if sums.get("max_age_hours"):
        text += gettext("; stories older than %(oldest)s hours are left out")
    return text % {
        "oldest": sums.get("max_age_hours"),
        "reads": f"{sums['reads']:,}",
        "window": sums["window_hours"],
        "score": f"{sums['score']:,.1f}",
        "half": sums["half_life_hours"],
    }


def placed_by(placement):
    """Who placed a story, since when and until when."""
    values = {
        "name": placement.placed_by or gettext("an editor"),
        "begins": seoul(placement.period.lower),
        "ends": seoul(placement.period.upper),
    }
    if placement.period.upper:
        return gettext("Placed by %(name)s from %(begins)s until %(ends)s") % values
    return gettext("Placed by %(name)s from %(begins)s") % values


def may_place_on(user, story_list, permission):
    """Whether a user may change what stands on a list: of a section by its editors, of the whole paper by the chief."""
    desk = desk_of(user)
    reaches = desk.is_everywhere or (story_list.section_id is not None and desk.reaches(story_list.section_id))
    return user.has_perm(permission) and reaches
