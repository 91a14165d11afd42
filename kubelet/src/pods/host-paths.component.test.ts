import { execFile } from 'node:child_process'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { promisify } from 'node:util'
import { caseMs } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lookAt, shell, succeeded } from './look.testing.ts'
import { startTestNode, type TestNode } from './node.testing.ts'

const run = promisify(execFile)

/** Places of the machine that Pods have, and what these must be. */
// test/e2e/storage/host_path_type.go
describe.concurrent('A place of the machine', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  let folder: string
  const socket = net.createServer()
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '60' })
    look = lookAt(node)
    folder = `${node.rootDir}/places`
    await mkdir(`${folder}/directory`, { recursive: true })
    await writeFile(`${folder}/file`, 'kept')
    await new Promise<void>((resolve) => socket.listen(`${folder}/socket`, resolve))
    await run('mknod', [`${folder}/char`, 'c', '1', '3'])
    // nobody opens it
    await run('mknod', [`${folder}/block`, 'b', '259', '4095'])
  })
  afterAll(async () => {
    socket.close()
    await node.stop()
  })
  const kinds = {
    Directory: ['directory', 'directory'],
    File: ['file', 'regular file'],
    Socket: ['socket', 'socket'],
    CharDevice: ['char', 'character special file'],
    BlockDevice: ['block', 'block special file'],
  } as const
  const podWith = (name: string, place: string, type: string, script: string) =>
    node.run(name, {
      restartPolicy: 'Never',
      volumes: [{ name: 'place', hostPath: { path: `${folder}/${place}`, type } }],
      containers: [{ name: 'main', ...shell(script), volumeMounts: [{ name: 'place', mountPath: '/place' }] }],
    })

  it.each(Object.entries(kinds))('is seen where it is the %s that it must be', async (type, [place, what]) => {
    const name = `is-${type.toLowerCase()}`
    await podWith(name, place, type, 'stat -c %F /place')
    expect(await look.said(await node.until(name, succeeded))).toBe(`${what}\n`)
  })

  it.each([
    ['Directory', 'file', 'directory'],
    ['DirectoryOrCreate', 'file', 'directory'],
    ['File', 'directory', 'file'],
    ['FileOrCreate', 'directory', 'file'],
    ['Socket', 'file', 'socket file'],
    ['CharDevice', 'block', 'character device'],
    ['BlockDevice', 'char', 'block device'],
    ['File', 'none', 'file'],
  ])('is refused as %s where it is a %s', async (type, place, what) => {
    const name = `not-${type.toLowerCase()}-${place}`
    await podWith(name, place, type, 'true')
    expect(await look.event(name, 'FailedMount')).toBe(
      `MountVolume.SetUp failed for volume "place" : hostPath type check failed: ${folder}/${place} is not a ${what}`,
    )
    expect((await node.get(name)).status?.phase).toBe('Pending')
    await look.remove(name)
    await look.gone(name)
  })

  it('is made where it is to be, but no folders above a file', async () => {
    await podWith('makes-folder', 'new/deep/folder', 'DirectoryOrCreate', 'stat -c "%F %a" /place')
    expect(await look.said(await node.until('makes-folder', succeeded))).toBe('directory 755\n')
    await podWith('makes-file', 'new-file', 'FileOrCreate', 'stat -c "%F %a" /place; echo more > /place')
    expect(await look.said(await node.until('makes-file', succeeded))).toBe('regular empty file 644\n')
    expect((await stat(`${folder}/new-file`)).size).toBe(5)
    await podWith('keeps-file', 'file', 'FileOrCreate', 'cat /place')
    expect(await look.said(await node.until('keeps-file', succeeded))).toBe('kept')
    await podWith('no-folder', 'no-folder/file', 'FileOrCreate', 'true')
    expect(await look.event('no-folder', 'FailedMount')).toMatch(/: .*no such file or directory/)
    await expect(stat(`${folder}/no-folder`)).rejects.toThrow('ENOENT')
    await look.remove('no-folder')
    await look.gone('no-folder')
  })

  it('may have a name with colons, as devices have', async () => {
    await mkdir(`${folder}/pci-0000:00:1f.2`)
    await podWith('colons', 'pci-0000:00:1f.2', 'Directory', 'echo there > /place/file')
    await node.until('colons', succeeded)
    expect(await readFile(`${folder}/pci-0000:00:1f.2/file`, 'utf8')).toBe('there\n')
  })

  it('of no type is a folder that Docker makes where there is nothing', async () => {
    await podWith('untyped', 'untyped', '', 'stat -c %F /place')
    expect(await look.said(await node.until('untyped', succeeded))).toBe('directory\n')
  })
})
