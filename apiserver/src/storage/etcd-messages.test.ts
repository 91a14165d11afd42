import { describe, expect, it } from 'vitest'
import {
  compactRequest,
  leaseAnswer,
  leaseRequest,
  rangeAnswer,
  rangeRequest,
  transactionAnswer,
  transactionRequest,
  watchAnswer,
  watchRequest,
} from './etcd-messages.ts'

const hex = (bytes: Buffer): string => bytes.toString('hex')
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(/[ |]/g, ''), 'hex')

// written by hand after rpc.proto and kv.proto; a real etcd has its say in storage.component.test.ts
const header = '0a 18 08 d6aaac83a8d8a9c111 10 dc8bd1f5ceaf8fd901 18 07 20 02'
const keyValue = '0a 02 2f61 10 05 18 07 20 02 2a 03 6f6e65'

describe('requests', () => {
  it.each([
    ['a key', rangeRequest({ key: '/a', end: '', limit: 0, revision: 0 }), '0a022f61'],
    [
      'a page of the past',
      rangeRequest({ key: '/a', end: '/b', limit: 300, revision: 9 }),
      '0a022f6112022f6218ac022009',
    ],
    ['a count', rangeRequest({ key: '/', end: '', limit: 1, revision: 0, countOnly: true }), '0a012f18014801'],
    ['a lease', leaseRequest(3600), '08901c'],
    ['compaction', compactRequest(300), '08ac02'],
    ['a watch', watchRequest({ key: '/a', end: '/b', startRevision: 8 }), '0a0c0a022f6112022f6218084001'],
  ])('%s', (_, request, expected) => expect(hex(request)).toBe(expected))

  it('a transaction', () => {
    const request = transactionRequest({
      compare: [
        { key: '/a', modRevision: 0 },
        { key: '/b', modRevision: 7 },
      ],
      put: [{ key: '/a', value: Buffer.from('one'), lease: 2n ** 62n }],
      remove: ['/b'],
    })
    const compared = '0a 08 1002 1a022f61 3000 | 0a 08 1002 1a022f62 3007'
    const put = '12 15 12 13 0a022f61 12036f6e65 18808080808080808040'
    const removed = '12 06 1a 04 0a022f62'
    const read = '1a 06 0a 04 0a022f61 | 1a 06 0a 04 0a022f62'
    expect(hex(request)).toBe(hex(bytes(`${compared} ${put} ${removed} ${read}`)))
  })
})

describe('answers', () => {
  it('a page', () => {
    expect(rangeAnswer(bytes(`${header} 12 0f ${keyValue} 18 01 20 e807`))).toEqual({
      revision: 7,
      items: [{ key: '/a', value: Buffer.from('one'), modRevision: 7 }],
      more: true,
      count: 1000,
    })
  })

  it('a transaction that succeeded', () => {
    expect(transactionAnswer(bytes(`${header} 10 01 1a 06 12 04 0a 02 18 07`))).toEqual({
      revision: 7,
      succeeded: true,
      read: [],
    })
  })

  it('a transaction that did not: one key is there, one is not', () => {
    expect(transactionAnswer(bytes(`${header} 1a 13 0a 11 12 0f ${keyValue} 1a 02 0a 00`))).toEqual({
      revision: 7,
      succeeded: false,
      read: [{ key: '/a', value: Buffer.from('one'), modRevision: 7 }, undefined],
    })
  })

  it('a lease, whose id no double holds', () => {
    expect(leaseAnswer(bytes(`${header} 10 8180808080808080 40`))).toBe(2n ** 62n + 1n)
  })

  const none = { created: false, canceled: false, compactRevision: 0, cancelReason: '', fragment: false, events: [] }
  it.each([
    ['that it has begun', `${header} 18 01`, { ...none, created: true }],
    [
      'that the past is gone',
      `${header} 20 01 28 05 32 04 676f6e65`,
      { ...none, canceled: true, compactRevision: 5, cancelReason: 'gone' },
    ],
    [
      'a change and a deletion, and that there is more',
      `${header} 38 01 5a 11 12 0f ${keyValue} 5a 0a 08 01 12 06 0a 02 2f62 18 08`,
      {
        ...none,
        fragment: true,
        events: [
          { key: '/a', value: Buffer.from('one'), revision: 7 },
          { key: '/b', value: undefined, revision: 8 },
        ],
      },
    ],
  ])('a watch: %s', (_, answer, expected) => expect(watchAnswer(bytes(answer))).toEqual(expected))

  it('what is cut off is an error', () => {
    expect(() => rangeAnswer(bytes(`12 0f ${keyValue}`).subarray(0, 9))).toThrow('unexpected EOF')
  })
})
