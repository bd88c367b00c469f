/* What modules of logged-in readers ask of the account: plain data, sent with the token that the account's pages set. */
const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

/* The answer as data; throws where there is none, `given` being what to POST. `refused` of an answer: what is wrong. */
export async function ask(address, given) {
  if (given && !token()) await ask("/account/preferences/");
  const answer = await fetch(address, {
    headers: { Accept: "application/json", ...(given && { "X-CSRFToken": token() }) },
    keepalive: true,
    ...(given && { method: "POST", body: new URLSearchParams(given) }),
  });
  // Led to the login: the session has ended.
  if (answer.redirected || (!answer.ok && answer.status !== 422)) throw new Error(answer.status);
  return { ...(await answer.json()), refused: !answer.ok };
}
