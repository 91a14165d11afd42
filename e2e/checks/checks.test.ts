import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

// A check that cannot fail is no check: each one is shown a violation and must name it.

const root = fileURLToPath(new URL('../..', import.meta.url))
const made: string[] = []

/** Runs a checker from the repository's own tools; answers with its exit code and all it printed. */
function check(command: string, args: string[], cwd = root): { code: number; output: string } {
  const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`
  const ended = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
    timeout: 120_000,
  })
  return { code: ended.status ?? 1, output: ended.stdout + ended.stderr }
}

/** A small tree inside the repository (so that its configuration applies), or apart from it for ''; removed after the case. */
function tree(inside: string, files: Record<string, string>): string {
  const dir = mkdtempSync(join(inside === '' ? tmpdir() : join(root, inside), 'violation-'))
  made.push(dir)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}

afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})

describe('the static checks fail on a violation', () => {
  it('types: an unchecked index', () => {
    const dir = tree('node_modules', {
      'tsconfig.json': JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: { types: [], incremental: false, tsBuildInfoFile: null },
        include: ['.'],
        exclude: [],
      }),
      'bad.ts': 'const list: string[] = []\nexport const first: string = list[0]\n',
    })
    const { code, output } = check('tsc', ['-p', dir])
    expect(output).toContain('TS2322')
    expect(code).not.toBe(0)
  })

  it('lint: a floating promise and the real clock', () => {
    const dir = tree('scheduler', {
      'bad.ts': 'async function work(): Promise<void> {}\nwork()\nexport const now = Date.now()\nsetTimeout(work, 1)\n',
    })
    const { code, output } = check('eslint', [dir])
    expect(output).toContain('no-floating-promises')
    expect(output).toContain('no-restricted-properties')
    expect(output).toContain('no-restricted-globals')
    expect(code).not.toBe(0)
  })

  it('format: a semicolon', () => {
    const { code } = check('prettier', [
      '--check',
      join(tree('scheduler', { 'bad.ts': 'export const a = 1;\n' }), 'bad.ts'),
    ])
    expect(code).not.toBe(0)
  })

  it('import walls: a program that imports another, and a lower layer that imports a higher one', () => {
    const program = tree('scheduler', { 'bad.ts': "import '../../kubelet/src/main.ts'\n" })
    const layer = tree('shared/machinery', { 'bad.ts': "import '../../process/clock.ts'\n" })
    const { code, output } = check('node', [
      'e2e/checks/walls.ts',
      program.slice(root.length),
      layer.slice(root.length),
    ])
    expect(output).toContain('scheduler-imports-no-other-program')
    expect(output).toContain('machinery-is-the-base')
    expect(code).not.toBe(0)
  })

  it('import walls: a run that looked at no module', () => {
    const { code } = check('node', ['e2e/checks/walls.ts', 'no-such-folder'])
    expect(code).not.toBe(0)
  })

  it('dead code: an export and a file that nobody uses', () => {
    const dir = tree('', {
      'package.json': JSON.stringify({ name: 'violation', type: 'module' }),
      'knip.json': JSON.stringify({ entry: ['main.ts'], project: ['*.ts'] }),
      'main.ts': "import { used } from './parts.ts'\nconsole.log(used)\n",
      'parts.ts': 'export const used = 1\nexport const unused = 2\n',
      'orphan.ts': 'export const orphan = 3\n',
    })
    const { code, output } = check('knip', ['--no-progress'], dir)
    expect(output).toContain('unused')
    expect(output).toContain('orphan.ts')
    expect(code).not.toBe(0)
  })
}, 120_000)
