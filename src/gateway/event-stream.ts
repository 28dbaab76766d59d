/** One server-sent event. HTML §9.2.6. */
export interface StreamEvent {
  readonly event: string | null;
  readonly id: string | null;
  readonly retry: string | null;
  /** Null when the event had no data at all. */
  readonly data: string | null;
}

/** Cuts a byte stream into events, each given as soon as its blank line arrives. Comments are dropped but for a sign of life. */
export function eventReader(limit: number, onEvent: (event: StreamEvent) => void, onComment: () => void) {
  const decoder = new TextDecoder('utf-8');
  // The line being received, in the pieces it came in.
  let pieces: string[] = [];
  // A line feed after a carriage return belongs to it, also when it comes in the next piece.
  let wasReturn = false;
  let size = 0;
  let fields = blank();

  function line(text: string): void {
    if (text === '') {
      const { data, ...others } = fields;
      const empty = data.length === 0 && others.id === null && others.retry === null;
      fields = blank();
      size = 0;
      if (!empty) onEvent({ ...others, data: data.length === 0 ? null : data.join('\n') });
      return;
    }
    const colon = text.indexOf(':');
    if (colon === 0) return onComment();
    const name = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') fields.data.push(value);
    else if (name === 'event' && /^[\w./-]{1,100}$/.test(value)) fields.event = value;
    else if (name === 'id' && /^[\x20-\x7e]{0,1024}$/.test(value)) fields.id = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) fields.retry = value;
  }

  /** False when an event grew over the limit. */
  return (chunk: Uint8Array): boolean => {
    const received = decoder.decode(chunk, { stream: true });
    const text = wasReturn && received.startsWith('\n') ? received.slice(1) : received;
    if (received !== '') wasReturn = received.endsWith('\r');
    const [first = '', ...others] = text.split(/\r\n|\n|\r/);
    pieces.push(first);
    size += first.length;
    for (const next of others) {
      line(pieces.join(''));
      pieces = [next];
      size += next.length;
    }
    return size <= limit;
  };
}

interface Fields {
  event: string | null;
  id: string | null;
  retry: string | null;
  data: string[];
}

function blank(): Fields {
  return { event: null, id: null, retry: null, data: [] };
}

export function writeEvent({ event, id, retry, data }: StreamEvent): string {
  const lines = [
    ...(event === null ? [] : [`event: ${event}`]),
    ...(id === null ? [] : [`id: ${id}`]),
    ...(retry === null ? [] : [`retry: ${retry}`]),
    ...(data === null ? [] : data.split('\n').map((part) => `data: ${part}`)),
  ];
  return `${lines.join('\n')}\n\n`;
}
