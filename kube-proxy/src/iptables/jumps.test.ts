import { describe, expect, it } from 'vitest'
import { config } from '../rules/cases.ts'
import { jumpLines, jumpRemovals, wantedJumps } from './jumps.ts'

const jumps = wantedJumps(config).filter((jump) => jump.table === 'filter')
/** The rules as they stand after the lines ran on an empty table. */
const installed = (lines: string[]): string[] => lines.toReversed().map((line) => line.replace(/^-I (\S+) 1/, '-A $1'))
const inPlace = installed(jumpLines(jumps, []))

describe('jumpLines', () => {
  it('inserts every jump into an empty table, the refusal on top', () => {
    expect(jumpLines(jumps, [])).toHaveLength(jumps.length)
    const refusal =
      '-A FORWARD -d 172.30.0.0/16 -m comment --comment "kubernetes unclaimed cluster IPs" -j KUBE-CLUSTER-IPS'
    expect(inPlace.find((rule) => rule.startsWith('-A FORWARD'))).toBe(refusal)
  })

  it('changes nothing when all are in place', () => {
    expect(jumpLines(jumps, inPlace)).toEqual([])
  })

  it('moves the refusal up when somebody inserted a rule above it', () => {
    const lines = jumpLines(jumps, ['-A FORWARD -j DOCKER-USER', ...inPlace])
    expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['-D FORWARD', '-I FORWARD'])
    expect(lines[1]).toMatch(/^-I FORWARD 1 -d 172.30.0.0\/16 .* -j KUBE-CLUSTER-IPS$/)
  })

  it('keeps the refusal on top when it inserts another jump', () => {
    const without = inPlace.filter((rule) => !rule.includes('INPUT -j KUBE-FIREWALL'))
    const lines = jumpLines(jumps, without)
    expect(lines.map((line) => line.replace(/ .* -j/, ' -j'))).toEqual([
      '-I -j KUBE-FIREWALL',
      '-D -j KUBE-CLUSTER-IPS',
      '-I -j KUBE-CLUSTER-IPS',
    ])
  })
})

describe('jumpRemovals', () => {
  it('takes away what leads into our chains and nothing else', () => {
    const saved = [
      '-A FORWARD -j DOCKER',
      '-A KUBE-OLD -j KUBE-OLDER',
      '-A FORWARD -m comment --comment "x y" -j KUBE-OLD',
      '-A FORWARD -j ACCEPT',
    ]
    expect(jumpRemovals(saved, (chain) => chain.startsWith('KUBE-'))).toEqual([
      '-D FORWARD -m comment --comment "x y" -j KUBE-OLD',
    ])
  })
})
