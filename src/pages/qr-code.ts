/** A picture that a phone reads, drawn in place: no other address has to be asked for it. */
import { encode } from 'uqr';
import { html } from './html.ts';
import type { Html } from './html.ts';

/** The light margin a reader needs around it, in modules. ISO/IEC 18004 §9.1. */
const margin = 4;

/** `label` is what it is called where it cannot be seen. */
export function qrCode(text: string, label: string): Html {
  const { data, size } = encode(text, { ecc: 'M', border: margin });
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  const side = String(size);
  return html`<svg class="qr" viewBox="0 0 ${side} ${side}" width="220" height="220" role="img" aria-label="${label}">
    <rect class="qr-light" width="${side}" height="${side}" />
    <path class="qr-dark" d="${dark}" />
  </svg>`;
}
