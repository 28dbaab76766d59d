import { describe, expect, it } from '@jest/globals';
import { html, ownScript, webUrl } from '../../src/pages/html.ts';
import type { Html, Slot } from '../../src/pages/html.ts';
import { vettedHref } from '../../src/pages/vetted-href.ts';

const text = (made: Html): string => made.toString();

describe('a script element', () => {
  it('is written for a file of our own, named by its digest', () => {
    expect(text(ownScript('/assets/passkey-0123456789abcdef.js'))).toBe(
      '<script src="/assets/passkey-0123456789abcdef.js" defer></script>',
    );
  });

  it.each([
    'https://evil.example/assets/passkey-0123456789abcdef.js',
    '//evil.example/assets/passkey-0123456789abcdef.js',
    '/assets/passkey.js',
    '/assets/../passkey-0123456789abcdef.js',
    '/assets/passkey-0123456789abcdef.js" onload="x',
    '/assets/passkey-0123456789abcdef.js\n',
  ])('is not written for %s', (path) => {
    expect(() => ownScript(path)).toThrow(TypeError);
  });
});

describe('the html tag', () => {
  it('escapes text and attribute values, and only those [W81] [S6.03]', () => {
    const evil = `<img src=x onerror='alert(1)'>"&`;
    const safe = '&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&quot;&amp;';
    expect(text(html`<p title="${evil}">${evil}</p>`)).toBe(`<p title="${safe}">${safe}</p>`);
  });

  it('drops control and direction characters wherever they come from', () => {
    const tricky = 'a\u0000b\u202Ec\u2066d\u200Fe\u0085f\ng';
    expect(text(html`<p title="${tricky}">${tricky}</p>`)).toBe('<p title="abcdef\ng">abcdef\ng</p>');
  });

  it('keeps markup it made itself, in lists and nested, and leaves out false and null', () => {
    const rows = ['a', '<b>'].map((row) => html`<i>${row}</i>`);
    expect(text(html`<p>${rows}${false}${null}${[1, [2, 'x']]}</p>`)).toBe('<p><i>a</i><i>&lt;b&gt;</i>12x</p>');
  });

  it('drops an attribute whose whole value is false or null', () => {
    expect(text(html`<i hidden="${false}" title="${'n'}">x</i>`)).toBe('<i title="n">x</i>');
    expect(text(html`<a href="${null}">x</a>`)).toBe('<a>x</a>');
    expect(text(html`<i class="a ${false}">x</i>`)).toBe('<i class="a ">x</i>');
  });

  it.each<[string, () => Html]>([
    ['an unquoted attribute', () => html`<p title=${'x'}>`],
    ['an attribute name', () => html`<p ${'onclick'}="x">`],
    ['a tag name', () => html`<${'script'}>`],
    [
      'a script',
      () =>
        html`<script>
          ${'x'};
        </script>`,
    ],
    [
      'a style element',
      () =>
        html`<style>
          ${'x'}
        </style>`,
    ],
    ['a comment', () => html`<!-- ${'x'} -->`],
    ['an event handler', () => html`<p onclick="${'x'}"></p>`],
    ['an inline style', () => html`<p style="color: red">${'x'}</p>`],
    ['markup inside an attribute', () => html`<p title="${html`<b>x</b>`}"></p>`],
    ['a template ending inside a tag', () => html`<p title="${'x'}"`],
    ['a template ending inside a value', () => html`<p title="${'x'}`],
  ])('throws on %s', (_, make) => {
    expect(make).toThrow(TypeError);
    expect(text(html`<p title="${'x'}">${'y'}</p>`)).toBe('<p title="x">y</p>');
  });

  it.each<[Slot]>([
    ['javascript:alert(1)'],
    ['//evil.example/'],
    ['/\\evil.example/'],
    ['https://evil.example/'],
    ['/a\n/b'],
    [new URL('javascript:alert(1)')],
    [new URL('data:text/html,x')],
    [new URL('https://user:word@a.example/')],
  ])('does not write %s where a browser would go [S6.03]', (slot) => {
    expect(() => html`<a href="${slot}">x</a>`).toThrow(/not a vetted address/);
    expect(() => html`<form action="${slot}"></form>`).toThrow(/not a vetted address/);
  });

  it('writes local paths, web addresses and vetted addresses', () => {
    expect(text(html`<a href="${'/a?b=1&c=2'}">x</a>`)).toBe('<a href="/a?b=1&amp;c=2">x</a>');
    expect(text(html`<a href="${webUrl('https://a.example/b')}">x</a>`)).toBe('<a href="https://a.example/b">x</a>');
    expect(text(html`<a href="${vettedHref('lantern-code://back?code=1')}">x</a>`)).toBe('<a href="lantern-code://back?code=1">x</a>');
    expect(() => html`<form action="${vettedHref('lantern-code://back')}"></form>`).toThrow(/not a vetted address/);
    expect(() => html`<meta content="0; url=${'lantern-code://back'}" />`).toThrow(/not a vetted address/);
    expect(text(html`<meta content="0; url=${vettedHref('lantern-code://back')}" />`)).toContain('url=lantern-code://back');
  });

  it('encodes what follows a literal path, so that it stays one segment', () => {
    expect(text(html`<form action="/login/${'../../x?y#z"'}"></form>`)).toBe('<form action="/login/..%2F..%2Fx%3Fy%23z%22"></form>');
  });
});

describe('addresses', () => {
  it.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://a.example', 'nonsense', '/local', 'https://u:p@a.example/'])(
    'webUrl refuses %s',
    (address) => {
      expect(webUrl(address)).toBeNull();
      expect(webUrl('https://a.example/')?.href).toBe('https://a.example/');
    },
  );

  it.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'blob:x',
    'a b://c',
    'lantern://"x',
    '/local',
  ])('vettedHref refuses %s', (address) => {
    expect(() => vettedHref(address)).toThrow(TypeError);
    expect(vettedHref('cursor://anysphere.cursor-mcp/oauth/callback').toString()).toBe('cursor://anysphere.cursor-mcp/oauth/callback');
  });
});
