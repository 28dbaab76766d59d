/** What a form on a page would send, and where to. */
export interface Form {
  readonly action: URL;
  readonly method: 'GET' | 'POST';
  /** Everything with a name and a value, as the page wrote it; ticked boxes only. */
  readonly fields: URLSearchParams;
  /** The buttons that submit it: their words, and what each adds when it has a name. */
  readonly buttons: readonly {
    readonly words: string;
    readonly name: string | null;
    readonly value: string;
    readonly action: URL | null;
  }[];
}

export interface Page {
  readonly status: number;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  readonly forms: readonly Form[];
  /** Where an answer points that was not followed: away from this computer, or where the test said to stop. */
  readonly location: URL | null;
}

export interface BrowserOptions {
  /** Addresses that are not opened but kept in `location`, such as the redirect URI of a client under test. */
  readonly stopAt?: (url: URL) => boolean;
  /** Real browsers share cookies between the ports of one host; by default this one does not. */
  readonly portsShareCookies?: boolean;
  readonly headers?: Record<string, string>;
  /** What the requests are made with. */
  readonly fetch?: typeof fetch;
}

export interface Submission {
  /** Part of the form's action or of the words on one of its buttons; not needed when the page has one form. */
  readonly form?: string;
  /** The words on the button to press, or part of them; the first button when left out. */
  readonly press?: string;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const mostRedirects = 20;

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", nbsp: ' ' };

function unescapeHtml(text: string): string {
  return text.replace(/&(#?\w+);/g, (whole, name: string) => {
    const code = /^#(\d+)$/.exec(name)?.[1];
    return entities[name] ?? (code === undefined ? whole : String.fromCodePoint(Number(code)));
  });
}

/** The words of a piece of HTML, without its tags. */
export const wordsOf = (markup: string): string =>
  unescapeHtml(markup.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim();

function attributesOf(tag: string): Map<string, string> {
  const found = new Map<string, string>();
  const inner = tag.replace(/^<\w+/, '').replace(/\/?>$/, '');
  for (const [, name, double, single, bare] of inner.matchAll(/([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g))
    found.set((name ?? '').toLowerCase(), unescapeHtml(double ?? single ?? bare ?? ''));
  return found;
}

const buttonPattern = /(<button\b[^>]*>)([\s\S]*?)<\/button\s*>|(<input\b[^>]*\btype="?submit[^>]*>)/gi;

function buttonsOf(markup: string, base: URL): Form['buttons'] {
  return [...markup.matchAll(buttonPattern)].flatMap(([, open, words, input]) => {
    const attributes = attributesOf(open ?? input ?? '');
    if (attributes.has('disabled') || (attributes.get('type') ?? 'submit') !== 'submit') return [];
    const formaction = attributes.get('formaction');
    return {
      words: words === undefined ? (attributes.get('value') ?? '') : wordsOf(words),
      name: attributes.get('name') ?? null,
      value: attributes.get('value') ?? '',
      action: formaction === undefined ? null : new URL(formaction, base),
    };
  });
}

function fieldsOf(markup: string): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [tag] of markup.matchAll(/<input\b[^>]*>/gi)) {
    const attributes = attributesOf(tag);
    const type = attributes.get('type') ?? 'text';
    const name = attributes.get('name');
    if (name === undefined || attributes.has('disabled') || type === 'submit' || type === 'button') continue;
    if (type === 'checkbox' || type === 'radio') {
      if (attributes.has('checked')) fields.append(name, attributes.get('value') ?? 'on');
    } else fields.append(name, attributes.get('value') ?? '');
  }
  for (const [, open, text] of markup.matchAll(/(<textarea\b[^>]*>)([\s\S]*?)<\/textarea\s*>/gi)) {
    const name = attributesOf(open ?? '').get('name');
    if (name !== undefined) fields.append(name, unescapeHtml(text ?? ''));
  }
  for (const [, open, options] of markup.matchAll(/(<select\b[^>]*>)([\s\S]*?)<\/select\s*>/gi)) {
    const name = attributesOf(open ?? '').get('name');
    const tags = [...(options ?? '').matchAll(/<option\b[^>]*>/gi)].map(([tag]) => attributesOf(tag));
    const chosen = tags.find((tag) => tag.has('selected')) ?? tags[0];
    if (name !== undefined && chosen !== undefined) fields.append(name, chosen.get('value') ?? '');
  }
  return fields;
}

function formsOf(body: string, base: URL): Form[] {
  return [...body.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form\s*>/gi)].map(([, open = '', inner = '']) => {
    const attributes = attributesOf(open);
    return {
      action: new URL(attributes.get('action') ?? '', base),
      method: attributes.get('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET',
      fields: fieldsOf(inner),
      buttons: buttonsOf(inner, base),
    };
  });
}

/** A browser without a screen or scripts: keeps cookies, follows redirects on loopback, fills in forms. RFC 6265 §5 */
export class Browser {
  readonly #options: BrowserOptions;
  readonly #jars = new Map<string, Map<string, Cookie>>();
  #page: Page | null = null;

  constructor(options: BrowserOptions = {}) {
    this.#options = options;
  }

  get page(): Page {
    if (this.#page === null) throw new Error('the browser has not opened a page yet');
    return this.#page;
  }

  get location(): URL | null {
    return this.page.location;
  }

  get(url: string | URL): Promise<Page> {
    return this.#open('GET', new URL(url, this.#page?.url), null);
  }

  /** Sends a form body without a page around it, as a test of forged or repeated requests needs. */
  post(url: string | URL, body: URLSearchParams, headers: Record<string, string> = {}): Promise<Page> {
    return this.#open('POST', new URL(url, this.#page?.url), body, headers);
  }

  /** Fills in the form of this page and presses its button; `null` unticks or empties a field, a list ticks several. */
  submit(values: Record<string, string | readonly string[] | null> = {}, { form: wanted, press }: Submission = {}): Promise<Page> {
    const form = this.form(wanted ?? press);
    const fields = new URLSearchParams(form.fields);
    for (const [name, value] of Object.entries(values)) {
      fields.delete(name);
      for (const each of value === null ? [] : [value].flat()) fields.append(name, each);
    }
    const button = press === undefined ? form.buttons[0] : form.buttons.find(({ words }) => words.includes(press));
    if (press !== undefined && button === undefined) throw new Error(`no button says "${press}"`);
    if (button !== undefined && button.name !== null) fields.append(button.name, button.value);
    const action = new URL(button?.action ?? form.action);
    if (form.method === 'POST') return this.#open('POST', action, fields, { Origin: this.page.url.origin });
    action.search = fields.toString();
    return this.#open('GET', action, null);
  }

  form(wanted?: string): Form {
    const { forms, status, url } = this.page;
    const fits = (form: Form): boolean =>
      wanted === undefined || form.action.href.includes(wanted) || form.buttons.some(({ words }) => words.includes(wanted));
    const [form, another] = forms.filter(fits);
    const about = `${wanted === undefined ? '' : ` for "${wanted}"`} on the page at ${url.origin}${url.pathname} (${status})`;
    if (form === undefined) throw new Error(`there is no form${about}: ${wordsOf(this.page.body).slice(0, 200)}`);
    if (another !== undefined && wanted === undefined) throw new Error(`there is more than one form${about}: say which`);
    return form;
  }

  cookies(url: string | URL): ReadonlyMap<string, string> {
    const { pathname } = new URL(url);
    const sent = [...this.#jar(new URL(url)).values()].filter(
      ({ path }) => pathname === path || pathname.startsWith(path.replace(/\/?$/, '/')),
    );
    return new Map(sent.sort((a, b) => a.path.length - b.path.length).map(({ name, value }) => [name, value]));
  }

  /** Forgets every cookie, as a private window would. */
  forget(): void {
    this.#jars.clear();
  }

  #jar(url: URL): Map<string, Cookie> {
    const key = this.#options.portsShareCookies === true ? url.hostname : url.host;
    const jar = this.#jars.get(key) ?? new Map<string, Cookie>();
    this.#jars.set(key, jar);
    return jar;
  }

  #keep(url: URL, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
      const split = pair.indexOf('=');
      const [name, value] = [pair.slice(0, split), pair.slice(split + 1)];
      const attributes = new Map(rest.map((part) => part.split(/=(.*)/s)).map(([key = '', text = '']) => [key.toLowerCase(), text]));
      const given = attributes.get('path');
      const path = given?.startsWith('/') === true ? given : url.pathname.replace(/\/[^/]*$/, '') || '/';
      const age = attributes.get('max-age');
      const expires = attributes.get('expires');
      const over = age === undefined ? expires !== undefined && Date.parse(expires) <= Date.now() : Number(age) <= 0;
      if (over) this.#jar(url).delete(`${path} ${name}`);
      else this.#jar(url).set(`${path} ${name}`, { name, value, path });
    }
  }

  async #open(method: 'GET' | 'POST', start: URL, body: URLSearchParams | null, extra: Record<string, string> = {}): Promise<Page> {
    let [url, verb, content] = [start, method, body];
    for (let hops = 0; hops <= mostRedirects; hops += 1) {
      const cookie = [...this.cookies(url)].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { Accept: 'text/html,*/*;q=0.8', ...this.#options.headers, ...extra, ...(cookie === '' ? {} : { Cookie: cookie }) };
      const ask = this.#options.fetch ?? fetch;
      const response = await ask(url, { method: verb, headers, body: content, redirect: 'manual' });
      this.#keep(url, response.headers);
      const text = await response.text();
      const target = response.headers.get('location');
      const location = target === null ? null : new URL(target, url);
      const redirected = location !== null && response.status >= 300 && response.status < 400;
      if (!redirected || this.#stops(location))
        return this.#show({ status: response.status, url, headers: response.headers, body: text, location });
      if (response.status !== 307 && response.status !== 308) [verb, content] = ['GET', null];
      [url, extra] = [location, {}];
    }
    throw new Error(`more than ${mostRedirects} redirects from ${start.origin}${start.pathname}`);
  }

  #stops(url: URL): boolean {
    const loopback = /^https?:$/.test(url.protocol) && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    return !loopback || this.#options.stopAt?.(url) === true;
  }

  #show(page: Omit<Page, 'forms'>): Page {
    this.#page = { ...page, forms: formsOf(page.body, page.url) };
    return this.#page;
  }
}
