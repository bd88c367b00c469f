"""Filling in forms of the admin as a browser would: read the page, change fields, press a button."""

from bs4 import BeautifulSoup


def page(response):
    """The page of a response."""
    return BeautifulSoup(response.content, "html.parser")


def fields_of(response, form_id):
    """What a browser would send of a form that nobody touched, without its buttons."""
    form = page(response).find("form", id=form_id)
    assert form is not None, page(response).get_text(" ", strip=True)[:500]
    data = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = field.get("name"), field.get("type", "text")
        if not name or kind in ("submit", "button", "file") or "__prefix__" in name:
            continue
        if field.name == "select":
            chosen = [option.get("value", "") for option in field.find_all("option") if option.has_attr("selected")]
            if not chosen and not field.has_attr("multiple"):
                chosen = [option.get("value", "") for option in field.find_all("option")[:1]]
            if chosen:
                data[name] = chosen if field.has_attr("multiple") else chosen[0]
        elif field.name == "textarea":
            # A parser drops the line break after the tag; browsers send \r\n.
            data[name] = field.get_text().removeprefix("\n").replace("\n", "\r\n")
        elif kind in ("checkbox", "radio"):
            if field.has_attr("checked"):
                data.setdefault(name, []).append(field.get("value", "on"))
        else:
            data[name] = field.get("value", "")
    return data


def submit(client, url, form_id, press="_save", follow=True, /, **changes):
    """Opens a form, changes fields (None leaves one out) and sends it; `press` is a button or `act:publish`."""
    data = fields_of(client.get(url), form_id)
    data |= {"_act": press[4:]} if press.startswith("act:") else {press: "1"}
    data |= changes
    return client.post(url, {name: value for name, value in data.items() if value is not None}, follow=follow)


def errors(response):
    """Every error that a page shows, as one text."""
    return " ".join(found.get_text(" ", strip=True) for found in page(response).select(".errorlist, .errornote"))


def told(response):
    """Every message that a page shows, as one text."""
    return " ".join(found.get_text(" ", strip=True) for found in page(response).select(".messagelist li"))


def status(client, url):
    """The status with which an address is answered; a file that is sent is closed again."""
    response = client.get(url)
    response.close()
    return response.status_code
