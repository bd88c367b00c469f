/* Cached pages are the same for everybody: who is logged in sees the way to the account instead of Login and Register. */
if (/(^|; )reader=1/.test(document.cookie)) {
  for (const link of document.querySelectorAll('a[href="/login/"]')) {
    link.href = "/account/";
    link.textContent = "Your account";
  }
  for (const link of document.querySelectorAll('a[href="/register/"]')) link.hidden = true;
  import("./preferences.js");
  import("./in-place.js");
  import("./history.js");
} else {
  // What belongs to one account says nothing to the next.
  try { for (const key of ["kept", "history"]) localStorage.removeItem(key); } catch {}
}
