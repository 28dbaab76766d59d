// The one script of ours: it asks the browser for a passkey and sends what that answers with the page's own form.
// Without it, and in a browser without passkeys, the other ways on the page remain. WebAuthn Level 3 §5.1.
(() => {
  'use strict';
  const form = document.querySelector('form[data-passkey]');
  if (form === null || window.PublicKeyCredential === undefined || navigator.credentials === undefined) return;

  const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  const textOf = (buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(''))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
  const named = (credentials = []) => credentials.map((each) => ({ ...each, id: bytesOf(each.id) }));

  // Our own conversions both ways: the browser's are missing in some, and broken by some password managers.
  async function ask({ challenge, user, excludeCredentials, allowCredentials, ...rest }) {
    const publicKey = { ...rest, challenge: bytesOf(challenge) };
    if (form.dataset.passkey === 'get')
      return navigator.credentials.get({ publicKey: { ...publicKey, allowCredentials: named(allowCredentials) } });
    const owner = { ...user, id: bytesOf(user.id) };
    return navigator.credentials.create({ publicKey: { ...publicKey, user: owner, excludeCredentials: named(excludeCredentials) } });
  }

  function answerOf({ id, rawId, type, response }) {
    const answer = { clientDataJSON: textOf(response.clientDataJSON) };
    if (response.attestationObject !== undefined) {
      answer.attestationObject = textOf(response.attestationObject);
      answer.transports = response.getTransports?.() ?? [];
    } else {
      answer.authenticatorData = textOf(response.authenticatorData);
      answer.signature = textOf(response.signature);
      answer.userHandle = response.userHandle ? textOf(response.userHandle) : null;
    }
    return { id, rawId: textOf(rawId), type, response: answer };
  }

  const button = form.querySelector('button');
  const says = (name) => {
    for (const each of document.querySelectorAll('[data-passkey-says]')) each.hidden = each.dataset.passkeySays !== name;
  };
  const why = { NotAllowedError: 'cancelled', AbortError: 'cancelled', InvalidStateError: 'there' };

  async function answer() {
    button.disabled = true;
    says(null);
    try {
      form.elements.namedItem('passkey').value = JSON.stringify(answerOf(await ask(JSON.parse(form.dataset.options))));
      form.submit();
    } catch (error) {
      says(why[error?.name] ?? 'failed');
      button.disabled = false;
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!button.disabled) void answer();
  });
  // A page that is gone back to can be pressed again.
  window.addEventListener('pageshow', () => {
    button.disabled = false;
  });

  for (const each of document.querySelectorAll('[data-with-passkeys]')) each.hidden = false;
  for (const each of document.querySelectorAll('[data-without-passkeys]')) each.hidden = true;
})();
