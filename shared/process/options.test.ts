import { describe, expect, it } from 'vitest'
import {
  boolean,
  duration,
  integer,
  list,
  oneOf,
  optionalText,
  parseDuration,
  port,
  readFlags,
  text,
} from './options.ts'

const spec = {
  kubeconfig: text('path of a kubeconfig'),
  'leader-elect': boolean('elect a leader', true),
  'secure-port': port('port', 10257),
  controllers: list('controllers', ['*']),
  'node-ip': optionalText('address'),
  'proxy-mode': oneOf('mode', ['iptables', 'nftables'], 'iptables'),
  'node-monitor-grace-period': duration('grace', 40_000),
  'max-pods': integer('pods', 110, 1),
}

describe('readFlags', () => {
  it('takes both spellings, booleans without a value and underscores', () => {
    const argv = ['--kubeconfig=/k', '--leader-elect', '--secure_port', '0', '--controllers=a,b', '--max-pods', '7']
    expect(readFlags(spec, argv)).toEqual({
      kubeconfig: '/k',
      'leader-elect': true,
      'secure-port': 0,
      controllers: ['a', 'b'],
      'node-ip': undefined,
      'proxy-mode': 'iptables',
      'node-monitor-grace-period': 40_000,
      'max-pods': 7,
    })
    expect(readFlags(spec, ['--kubeconfig', 'a=b', '--leader-elect=false'])).toMatchObject({
      kubeconfig: 'a=b',
      'leader-elect': false,
    })
  })

  it.each([
    [[], 'missing flag: --kubeconfig (path of a kubeconfig)'],
    [['--kubeconfig=k', '--nope'], 'unknown flag: --nope'],
    [['--kubeconfig=k', '--constructor=1'], 'unknown flag: --constructor'],
    [['--kubeconfig'], 'flag needs an argument: --kubeconfig'],
    [['--kubeconfig='], 'invalid argument "" for --kubeconfig: must not be empty'],
    [['k'], 'unexpected argument: k'],
    [['--secure-port=70000'], 'invalid argument "70000" for --secure-port: must be a whole number from 0 to 65535'],
    [['--leader-elect=maybe'], 'invalid argument "maybe" for --leader-elect: must be true or false'],
    [['--proxy-mode=ipvs'], 'invalid argument "ipvs" for --proxy-mode: must be one of: iptables, nftables'],
  ])('%j: %s', (argv, message) => {
    expect(() => readFlags(spec, argv)).toThrow(message)
  })
})

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['40s', 40_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
  ])('%s is %i ms', (value, ms) => {
    expect(parseDuration(value)).toBe(ms)
  })

  it.each(['', '5', 's', '1 s', '-1s', '1d'])('refuses %j', (value) => {
    expect(() => parseDuration(value)).toThrow('must be a duration')
  })
})
