import { describe, expect, it } from '@jest/globals';
import { readMessage, RpcRefused } from '../../src/domain/json-rpc.ts';
import { decodeHeaderValue, encodeHeaderValue, readMcpHeaders, settleEra } from '../../src/domain/mcp-headers.ts';
import { isNotification, requestRule } from '../../src/domain/mcp-methods.ts';

const MODERN = '2026-07-28';
const meta = { _meta: { 'io.modelcontextprotocol/protocolVersion': MODERN } };
const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'read_x', ...meta } };
const good = ['MCP-Protocol-Version', MODERN, 'Mcp-Method', 'tools/call', 'Mcp-Name', 'read_x'];

function eraOf(raw: readonly string[], body: unknown): string {
  try {
    return settleEra(readMcpHeaders(raw), readMessage(body));
  } catch (error) {
    if (error instanceof RpcRefused) return `${error.status} ${error.code} ${error.id}`;
    throw error;
  }
}

function without(name: string): string[] {
  const at = good.indexOf(name);
  return good.filter((_, index) => index !== at && index !== at + 1);
}

function replaced(name: string, value: string): string[] {
  return [...without(name), name, value];
}

describe('which era a request belongs to', () => {
  it.each([
    ['[B2.05] no version at all', [], { jsonrpc: '2.0', id: 1, method: 'ping' }, 'legacy'],
    ['an older version', ['MCP-Protocol-Version', '2025-11-25'], { jsonrpc: '2.0', id: 1, method: 'ping' }, 'legacy'],
    ['[B4.01] an initialize without header', [], { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }, 'legacy'],
    ['[B4.01] a modern request', good, call, 'modern'],
    [
      '[G5.06] header names in any case, values trimmed',
      ['mcp-PROTOCOL-version', MODERN, 'MCP-METHOD', ' tools/call\t', 'mcp-name', 'read_x '],
      call,
      'modern',
    ],
    ['[G5.05] a wrapped name', replaced('Mcp-Name', '=?base64?cmVhZF94?='), call, 'modern'],
    [
      '[B4.02] an older version with headers that lie: they are not looked at',
      ['MCP-Protocol-Version', '2025-06-18', 'Mcp-Method', 'tools/list', 'Mcp-Name', 'other', 'Mcp-Name', 'again'],
      { ...call, params: { name: 'x' } },
      'legacy',
    ],
    [
      '[G5.20] a modern notification without names',
      ['MCP-Protocol-Version', MODERN],
      { jsonrpc: '2.0', method: 'notifications/cancelled' },
      'modern',
    ],
    ['an unrecognised parameter header', [...good, 'Mcp-Param-Region', 'eu'], call, 'modern'],
  ])('%s', (_, raw, body, expected) => {
    expect(eraOf(raw, body)).toBe(expected);
  });

  it.each([
    ['[G5.01] no version header', without('MCP-Protocol-Version'), call, '400 -32020 7'],
    ['[G5.01] no method header', without('Mcp-Method'), call, '400 -32020 7'],
    ['[G5.01] no name header', without('Mcp-Name'), call, '400 -32020 7'],
    ['[G5.04] another method', replaced('Mcp-Method', 'tools/list'), call, '400 -32020 7'],
    ['[G5.06] the method in another case', replaced('Mcp-Method', 'TOOLS/CALL'), call, '400 -32020 7'],
    ['[G5.04] another name', replaced('Mcp-Name', 'write_x'), call, '400 -32020 7'],
    ['[G5.05] another name, wrapped', replaced('Mcp-Name', '=?base64?d3JpdGVfeA==?='), call, '400 -32020 7'],
    ['[G5.05] invalid Base64', replaced('Mcp-Name', '=?base64?cmVhZF9$?='), call, '400 -32020 7'],
    ['[G5.05] Base64 of invalid UTF-8', replaced('Mcp-Name', '=?base64?wyg=?='), call, '400 -32020 7'],
    ['[G5.05] the sentinel in capitals is a plain name', replaced('Mcp-Name', '=?BASE64?cmVhZF94?='), call, '400 -32020 7'],
    ['a sentinel in the body is a plain name', good, { ...call, params: { ...meta, name: '=?base64?cmVhZF94?=' } }, '400 -32020 7'],
    ['[G5.07] the method header twice', [...good, 'Mcp-Method', 'tools/call'], call, '400 -32020 7'],
    ['[G5.07] the name header twice', [...good, 'mcp-name', 'read_x'], call, '400 -32020 7'],
    ['[G5.07] the version header twice', [...good, 'mcp-protocol-version', MODERN], call, '400 -32020 7'],
    ['[G5.08] a parameter header with illegal characters', [...good, 'Mcp-Param-Region', 'caf\u00e9'], call, '400 -32020 7'],
    ['[G5.08] a parameter header with broken Base64', [...good, 'Mcp-Param-Region', '=?base64?%?='], call, '400 -32020 7'],
    ['a parameter header twice', [...good, 'Mcp-Param-A', '1', 'mcp-param-a', '2'], call, '400 -32020 7'],
    ['another version in the body', replaced('MCP-Protocol-Version', '2025-11-25'), call, '400 -32020 7'],
    ['no version in the body', good, { ...call, params: { name: 'read_x' } }, '400 -32602 7'],
    ['[B2.05] a version nobody knows', replaced('MCP-Protocol-Version', '2099-01-01'), call, '400 -32022 7'],
    ['[B2.05] a version that is no date', ['MCP-Protocol-Version', 'x'], { jsonrpc: '2.0', id: 1, method: 'ping' }, '400 -32022 1'],
    [
      'a version in the body nobody knows',
      good,
      { ...call, params: { name: 'read_x', _meta: { 'io.modelcontextprotocol/protocolVersion': '2030-01-01' } } },
      '400 -32022 7',
    ],
    [
      'an initialize under a modern header',
      ['MCP-Protocol-Version', MODERN, 'Mcp-Method', 'initialize'],
      { jsonrpc: '2.0', id: 2, method: 'initialize' },
      '400 -32020 2',
    ],
    ['[G5.13] an answer from a modern client', ['MCP-Protocol-Version', MODERN], { jsonrpc: '2.0', id: 2, result: {} }, '400 -32600 2'],
    [
      '[G5.20] a notification in the header, a request in the body',
      replaced('Mcp-Method', 'notifications/cancelled'),
      call,
      '400 -32020 7',
    ],
    [
      '[G5.20] a notification with another method in the header',
      ['MCP-Protocol-Version', MODERN, 'Mcp-Method', 'tools/list'],
      { jsonrpc: '2.0', method: 'notifications/cancelled' },
      '400 -32020 null',
    ],
  ])('refuses %s', (_, raw, body, expected) => {
    expect(eraOf(raw, body)).toBe(expected);
  });

  it('names the versions it knows', () => {
    const headers = readMcpHeaders(['MCP-Protocol-Version', '1\r\n']);
    let refusal: unknown;
    try {
      settleEra(headers, readMessage({ jsonrpc: '2.0', id: 1, method: 'ping' }));
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      data: { supported: [MODERN, '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'], requested: '1??' },
    });
  });
});

describe('header values', () => {
  it.each(['read_x', 'file:///a b', 'é', ' leading', 'trailing ', '', '=?base64?eA==?=', 'a\nb', 'тест', '😀'])(
    'carries %j there and back',
    (text) => {
      const value = encodeHeaderValue(text);
      expect(value).toMatch(/^[\x21-\x7e][\x20-\x7e]*$/);
      expect(decodeHeaderValue(value)).toBe(text);
    },
  );
});

describe('the method table', () => {
  it('[G5.11] knows the methods of each era and no others', () => {
    expect(requestRule('tools/call', 'legacy')?.needs).toBe('tool');
    expect(requestRule('tools/call', 'modern')?.named).toBe('name');
    expect(requestRule('ping', 'legacy')).not.toBeNull();
    for (const method of ['ping', 'initialize', 'resources/subscribe']) expect(requestRule(method, 'modern')).toBeNull();
    for (const method of ['server/discover', 'subscriptions/listen']) expect(requestRule(method, 'legacy')).toBeNull();
    for (const method of ['tasks/get', 'TOOLS/CALL', 'tools/call ', 'admin/reset', 'constructor', '']) {
      expect(requestRule(method, 'legacy')).toBeNull();
      expect(requestRule(method, 'modern')).toBeNull();
    }
    expect(isNotification('notifications/initialized', 'legacy')).toBe(true);
    expect(isNotification('notifications/other', 'legacy')).toBe(false);
  });
});
