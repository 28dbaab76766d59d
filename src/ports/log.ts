/** The fields a log line may carry; anything else is dropped by the adapter. Values are facts about the request, never its contents. */
export interface LogFields {
  readonly requestId?: string;
  readonly reference?: string;
  readonly method?: string;
  readonly route?: string;
  readonly status?: number;
  readonly ms?: number;
  readonly client_id?: string;
  readonly user?: string;
  readonly tenant?: string;
  readonly resource?: string;
  readonly tool?: string;
  readonly connection?: string;
  readonly grant?: string;
  readonly domain?: string;
  /** The private reason of a refusal. */
  readonly reason?: string;
  readonly error?: unknown;
}

/** What operators read. `event` is a stable dotted word to search for. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
