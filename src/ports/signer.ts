/** A JSON Web Key as published: public members only. RFC 7517 §4. */
export type PublicKey = { readonly kty: string; readonly kid: string; readonly alg: string; readonly use: string } & {
  readonly [member: string]: unknown;
};

/** Signs what this installation asserts, with the current key; keys are published before they sign and after they stop. */
export interface Signer {
  /** A compact JWS with header `typ` and the current `kid`. RFC 7515, RFC 8725 §3.11. */
  sign(typ: string, claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** RFC 7517 §5. */
  publicKeys(): readonly PublicKey[];
  /** Claims of a JWS of ours with this `typ`: signature by a published key and algorithm checked, nothing else; null otherwise. */
  verify(typ: string, token: string): Promise<Readonly<Record<string, unknown>> | null>;
}
