import type { Answer, Fields, Wire } from '../wire.ts';
import { fieldOf, formText, requestText } from '../wire.ts';

/** The least of a browser: cookies by name, a page's hidden fields, the place an answer points to. */
export class Visitor {
  readonly #wire: Wire;
  readonly #host: string;
  readonly #cookies: Map<string, string>;

  constructor(wire: Wire, host: string, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#wire = wire;
    this.#host = host;
    this.#cookies = new Map(cookies);
  }

  /** The same visitor on another connection. */
  on(wire: Wire): Visitor {
    return new Visitor(wire, this.#host, this.#cookies);
  }

  async get(target: string): Promise<Answer> {
    return this.#keep(await this.#wire.send(requestText('GET', target, this.#host, this.#headers())));
  }

  async post(target: string, fields: Fields): Promise<Answer> {
    return this.#keep(await this.#wire.send(formText(target, this.#host, fields, { ...this.#headers(), Origin: `http://${this.#host}` })));
  }

  #headers(): Fields {
    const cookies = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return { Accept: 'text/html', ...(cookies === '' ? {} : { Cookie: cookies }) };
  }

  #keep(answer: Answer): Answer {
    for (const [, name = '', value = ''] of answer.head.matchAll(/^set-cookie: *([^=\r\n]+)=([^;\r\n]*)/gim)) {
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }
}

/** Where a redirect leads; anything else is not what a login should have answered. */
export function locationOf(answer: Answer): string {
  const location = fieldOf(answer, 'location');
  if (location === null) throw new Error(`no redirect, but ${answer.status}: ${answer.body.slice(0, 300)}`);
  return location;
}

/** The path and query of a place on the same server. */
export const pathIn = (location: string): string => location.replace(/^https?:\/\/[^/]+/, '');

export function hidden(page: Answer, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(page.body)?.[1];
  if (value === undefined) throw new Error(`the page (${page.status}) has no field ${name}: ${page.body.slice(0, 300)}`);
  return value;
}
