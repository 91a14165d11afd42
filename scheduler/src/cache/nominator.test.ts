import { describe, expect, it } from 'vitest'
import { pod } from '../cases.ts'
import { Nominator } from './nominator.ts'
import { podInfo, type PodInfo } from './pod-info.ts'

const waits = (where?: string): PodInfo =>
  podInfo({ ...pod('p'), ...(where === undefined ? {} : { status: { nominatedNodeName: where } }) })
const on = (nominator: Nominator, node: string) => [...nominator.on(node)].map(({ uid }) => uid)

describe('Nominator', () => {
  it('knows what a status says, and what was decided here', () => {
    const nominator = new Nominator()
    nominator.set(waits('a'))
    expect([on(nominator, 'a'), nominator.nodeOf('uid-p')]).toEqual([['uid-p'], 'a'])
    nominator.set(waits('a'), 'b')
    expect([on(nominator, 'a'), on(nominator, 'b')]).toEqual([[], ['uid-p']])
    nominator.set(waits('a'), '')
    expect([on(nominator, 'b'), nominator.nodeOf('uid-p')]).toEqual([[], ''])
  })

  it.each<[string, string | undefined, string | undefined, string | undefined, string]>([
    ['decided here, status on its way', 'a', undefined, undefined, 'a'],
    ['the status arrives', 'a', undefined, 'a', 'a'],
    ['the status names another', 'a', 'a', 'b', 'b'],
    ['taken back', 'a', 'a', undefined, ''],
    ['nothing', undefined, undefined, undefined, ''],
  ])('follows a Pod that changes: %s', (_name, known, before, after, want) => {
    const nominator = new Nominator()
    nominator.set(waits(), known)
    nominator.update(waits(before), waits(after))
    expect(nominator.nodeOf('uid-p')).toBe(want)
  })

  it('forgets', () => {
    const nominator = new Nominator()
    nominator.set(waits('a'))
    nominator.delete('uid-p')
    nominator.delete('uid-p')
    expect(on(nominator, 'a')).toEqual([])
  })
})
