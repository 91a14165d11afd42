import { describe, expect, it } from 'vitest'
import { findHierarchy, findReadable } from './hierarchy.ts'

const v1 = (controllers: string, root = '/', options = 'rw,relatime'): string =>
  `30 29 0:26 ${root} /sys/fs/cgroup/${controllers} ${options} shared:9 - cgroup cgroup rw,${controllers}`
const v2 = (root = '/', options = 'rw,nosuid', place = '/sys/fs/cgroup'): string =>
  `35 24 0:28 ${root} ${place} ${options} shared:4 - cgroup2 cgroup2 rw,nsdelegate`
const other = '24 1 254:0 / / rw,relatime - ext4 /dev/root rw'

describe('findHierarchy', () => {
  it.each<[string, string[], object]>([
    [
      'v1, with an empty unified one beside it',
      [other, v1('cpu,cpuacct'), v1('memory'), v1('name=systemd'), v2('/', 'rw', '/sys/fs/cgroup/unified')],
      {
        version: 1,
        mounts: [
          { place: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] },
          { place: '/sys/fs/cgroup/memory', controllers: ['memory'] },
          { place: '/sys/fs/cgroup/name=systemd', controllers: ['name=systemd'] },
          { place: '/sys/fs/cgroup/unified', controllers: [] },
        ],
      },
    ],
    ['v2', [other, v2()], { version: 2, mounts: [{ place: '/sys/fs/cgroup', controllers: [] }] }],
    ['a place with a space', [v2('/', 'rw', '/sys/fs/c\\040g')], { version: 2, mounts: [{ place: '/sys/fs/c g' }] }],
  ])('%s', (_, lines, found) => {
    expect(findHierarchy(lines.join('\n'), 'cgroup:[4026531835]')).toMatchObject(found)
  })

  it.each([
    ['nothing mounted', [other], 'no cgroup file system is mounted'],
    [
      'a part of them',
      [v1('cpu', '/docker/1'), v1('memory', '/docker/1')],
      "what is mounted of the cgroups is not the machine's root",
    ],
    ['read-only', [v2('/', 'ro,nosuid')], 'the cgroup file system is mounted read-only'],
    ['v1, read-only', [v1('cpu', '/', 'ro'), v1('memory', '/', 'ro')], 'the cgroup file system is mounted read-only'],
    ['no memory', [v1('cpu')], 'the cgroup controllers memory are not mounted'],
  ])('%s', (_, lines, message) => {
    expect(() => findHierarchy(lines.join('\n'), undefined)).toThrow(message)
  })

  it('wants the first namespace', () => {
    expect(() => findHierarchy(v2(), 'cgroup:[4026532000]')).toThrow('a cgroup namespace of its own')
  })

  it.each<[string, string[], object]>([
    [
      'v1',
      [v1('cpuacct', '/', 'ro'), v1('memory', '/', 'ro'), v1('cpu', '/', 'ro')],
      { version: 1, mounts: [{ controllers: ['cpuacct'] }, { controllers: ['memory'] }, { controllers: ['cpu'] }] },
    ],
    ['v2', [v2('/', 'ro')], { version: 2, mounts: [{ place: '/sys/fs/cgroup' }] }],
  ])('is read where it is mounted read-only: %s', (_, lines, found) => {
    expect(findReadable(lines.join('\n'), undefined)).toMatchObject(found)
  })

  it('is not read from a part of it', () => {
    expect(() => findReadable(v2('/docker/1'), undefined)).toThrow("not the machine's root")
  })
})
