import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from '../../harness/until.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

interface Replica {
  readonly child: ChildProcess
  leads: boolean
  /** What it said last, for the case that it ends by itself. */
  said: string
}

/** Two of one program, of which one leads: the other takes over when that dies, and a new one is started for it. */
export class Replicas {
  readonly #program: string
  readonly #args: readonly string[]
  readonly #begins: string
  #replicas: Replica[] = []
  #ending = false

  /**
   * @param program its folder: scheduler or controller-manager
   * @param args its flags
   * @param begins what it logs when it begins to work
   */
  constructor(program: string, args: readonly string[], begins: string) {
    this.#program = program
    this.#begins = begins
    // short, so that a killed leader is followed in seconds
    const election = ['--leader-elect-lease-duration=5s', '--leader-elect-renew-deadline=4s']
    this.#args = [...election, '--leader-elect-retry-period=300ms', '--secure-port=0', ...args]
    this.#start()
    this.#start()
  }

  /** Resolves when one of them leads and is at work: one that dies before would keep the next from getting anywhere. */
  leader(): Promise<Replica> {
    const one = (): Replica | undefined => this.#replicas.find(({ leads }) => leads)
    return until(`a leader among the ${this.#program}s`, () => Promise.resolve(one()), 300_000)
  }

  /** kill -9 of the one that leads. */
  async killLeader(): Promise<void> {
    const { child } = await this.leader()
    const ended = once(child, 'exit')
    if (child.kill('SIGKILL')) await ended
  }

  async stop(): Promise<void> {
    this.#ending = true
    await Promise.all(
      this.#replicas.map(async ({ child }) => {
        const ended = once(child, 'exit')
        if (child.kill('SIGKILL')) await ended
      }),
    )
  }

  #start(): void {
    const program = `${root}${this.#program}/src/main.ts`
    const child = spawn(process.execPath, [program, ...this.#args], { stdio: ['ignore', 'ignore', 'pipe'] })
    const replica: Replica = { child, leads: false, said: '' }
    this.#replicas.push(replica)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      replica.said = (replica.said + text).slice(-20_000)
      if (text.includes(this.#begins)) replica.leads = true
      if (/"(leadership lost|released)/.test(text)) replica.leads = false
    })
    child.once('exit', (code) => {
      this.#replicas = this.#replicas.filter((one) => one !== replica)
      if (code !== null && !this.#ending) process.stderr.write(`${this.#program} ended: ${replica.said.slice(-500)}\n`)
      if (!this.#ending) this.#start()
    })
  }
}
