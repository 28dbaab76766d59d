import { describe, expect, it } from '@jest/globals';
import { readMessage, rpcErrorBody, RpcRefused, writeMessage } from '../../src/domain/json-rpc.ts';
import { JsonRefused, parseStrictJson } from '../../src/domain/strict-json.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

function faultOf(input: Uint8Array): string {
  try {
    parseStrictJson(input);
  } catch (error) {
    if (error instanceof JsonRefused) return error.fault;
    throw error;
  }
  return 'accepted';
}

function refusalOf(value: unknown): RpcRefused {
  try {
    readMessage(value);
  } catch (error) {
    if (error instanceof RpcRefused) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('strict JSON', () => {
  it.each([
    ['a plain object', '{"a":1,"b":[true,false,null,"x"],"c":{"a":2}}'],
    ['white space everywhere', ' { "a" : [ 1 , 2 ] ,\r\n\t"b" : { } } '],
    ['the same name in sibling objects', '[{"a":1},{"a":1}]'],
    ['a name that is only a value elsewhere', '{"a":"b","b":"a"}'],
    ['names that differ by case, which are two names', '{"name":1,"Name":2}'],
    ['escaped quotes and slashes', '{"a\\"b\\\\":"\\\\\\"","c":"\\\\"}'],
    ['a surrogate pair', '"\\ud83d\\ude00"'],
    ['the largest safe integers', '[9007199254740991,-9007199254740991]'],
    ['fractions and exponents', '[0.1,-0.0,1e10,2.5E-3,0e-999]'],
    ['64 levels', `${'['.repeat(64)}${']'.repeat(64)}`],
  ])('accepts %s and means what JSON.parse means', (_, text) => {
    expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text));
  });

  it.each([
    ['a repeated member', '{"name":"read","name":"write"}', 'repeated member'],
    ['the same value twice', '{"a":1,"a":1}', 'repeated member'],
    ['a member repeated by an escape', '{"name":"read","n\\u0061me":"write"}', 'repeated member'],
    ['a repeated member deep down', '{"a":[{"b":{"c":1,"d":2,"c":3}}]}', 'repeated member'],
    ['a repeated empty name', '{"":1,"":2}', 'repeated member'],
    ['a repeated member after a nested object', '{"a":{"x":[]},"b":1,"a":2}', 'repeated member'],
    ['__proto__', '{"__proto__":{"admin":true}}', 'forbidden member'],
    ['an escaped __proto__', '{"\\u005f_proto__":1}', 'forbidden member'],
    ['a comment', '{"a":1/*x*/}', 'syntax'],
    ['a trailing comma', '{"a":1,}', 'syntax'],
    ['NaN', '{"a":NaN}', 'syntax'],
    ['two documents', '{"a":1}{"a":2}', 'syntax'],
    ['trailing data', '{"a":1} x', 'syntax'],
    ['a byte order mark', '\ufeff{"a":1}', 'syntax'],
    ['nothing', '', 'syntax'],
    ['a lone surrogate', '{"a":"\\ud800"}', 'lone surrogate'],
    ['a lone surrogate in a name', '{"\\udc00":1}', 'lone surrogate'],
    ['2^53+1', '{"id":9007199254740993}', 'inexact number'],
    ['-2^53', '[-9007199254740992]', 'inexact number'],
    ['1e400', '[1e400]', 'inexact number'],
    ['1e-400', '[1e-400]', 'inexact number'],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, 'too deep'],
    ['65 levels of objects', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, 'too deep'],
  ])('[W144] refuses %s', (_, text, fault) => {
    expect(faultOf(bytes(text))).toBe(fault);
  });

  it('[W144] refuses invalid UTF-8', () => {
    expect(faultOf(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toBe('encoding');
    expect(faultOf(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toBe('encoding');
    expect(faultOf(Buffer.from([0x22, 0xc3, 0xa9, 0x22]))).toBe('accepted');
  });

  it('stays quick on a hostile text of 4 MiB', () => {
    const start = performance.now();
    expect(faultOf(bytes('['.repeat(4 << 20)))).toBe('syntax');
    expect(faultOf(bytes(`"${'\\\\'.repeat(2 << 20)}"`))).toBe('accepted');
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

describe('one JSON-RPC message', () => {
  const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x', arguments: { a: 1, A: 2 } } };

  it('reads a request, a notification and an answer, and writes back what it read', () => {
    expect(readMessage(request)).toEqual({ kind: 'request', id: 1, method: 'tools/call', params: request.params });
    expect(readMessage({ jsonrpc: '2.0', method: 'notifications/initialized' })).toEqual({
      kind: 'notification',
      method: 'notifications/initialized',
      params: null,
    });
    expect(readMessage({ jsonrpc: '2.0', id: 'a', result: {} })).toEqual({ kind: 'response', id: 'a', answer: { result: {} } });
    for (const value of [request, { jsonrpc: '2.0', method: 'x' }, { jsonrpc: '2.0', id: 0, error: { code: 1, message: 'm' } }]) {
      expect(JSON.parse(writeMessage(readMessage(value)))).toEqual(value);
    }
  });

  it.each([
    ['a batch, whatever the protocol version', [request]],
    ['an empty batch', []],
    ['text', 'x'],
    ['null', null],
    ['another version', { ...request, jsonrpc: '1.0' }],
    ['no version', { id: 1, method: 'ping' }],
    ['a null id', { ...request, id: null }],
    ['an object as id', { ...request, id: {} }],
    ['a fraction as id', { ...request, id: 1.5 }],
    ['an empty method', { ...request, method: '' }],
    ['a number as method', { ...request, method: 7 }],
    ['params in an array', { ...request, params: ['x'] }],
    ['a method and a result', { ...request, result: {} }],
    ['neither method nor result', { jsonrpc: '2.0', id: 1 }],
    ['result and error', { jsonrpc: '2.0', id: 1, result: {}, error: {} }],
    ['a result without id', { jsonrpc: '2.0', result: {} }],
    ['[W144] a second method that differs by case', { ...request, Method: 'tools/list' }],
    ['[W144] a name that differs by case', { ...request, params: { name: 'read', Name: 'write' } }],
    ['[W144] a name that differs by case folding', { ...request, params: { arguments: {}, 'argument\u017f': {} } }],
    ['[G2.11] a token in the body', { ...request, access_token: 'x' }],
  ])('[G5.13] refuses %s', (_, value) => {
    expect(refusalOf(value)).toMatchObject({ status: 400, code: -32600 });
  });

  it('[B1.08] a batch is refused as a whole, however legal its members are', () => {
    expect(readMessage(request).kind).toBe('request');
    expect(refusalOf([request, { jsonrpc: '2.0', id: 2, method: 'ping' }]).message).toMatch(/one message per request/);
  });

  it('answers with the id it could read', () => {
    expect(refusalOf({ jsonrpc: '2.0', id: 'q', method: '' }).id).toBe('q');
    expect(JSON.parse(rpcErrorBody('q', -32600, 'no'))).toEqual({ jsonrpc: '2.0', id: 'q', error: { code: -32600, message: 'no' } });
  });
});
