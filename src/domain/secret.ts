import { inspect } from 'node:util';

/** A value that cannot be printed: only `reveal()` gives it out, and the architecture test says where that may stand. */
export class Secret<Kind extends string> {
  readonly #value: string;
  declare readonly kind: Kind;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
