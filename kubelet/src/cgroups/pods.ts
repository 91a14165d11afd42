import path from 'node:path'
import type { ObjectReference, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Quantity } from '@kubets/shared/machinery/quantity.ts'
import type { Recorder } from '../events.ts'
import type { RuntimeService } from '../runtime/types.ts'
import { podFolder, podFolders, podSettings, qosFolders, qosSettings, settingsOf } from './pod-settings.ts'
import { cgroupChanges, type CgroupChanges, type CgroupSettings } from './settings.ts'
import { printed, type CgroupTree } from './tree.ts'

export interface PodCgroupsOptions {
  /** Undefined where the machine's cgroups cannot be had, or are not wanted. */
  tree: CgroupTree | undefined
  /** The cgroup below which that of all Pods is made. */
  root: string
  runtime: Pick<RuntimeService, 'runtimeConfig'>
  /** What all Pods together may use. */
  share: ReadonlyMap<string, Quantity>
  /** How many processes a Pod may have; 0 or less for any number. */
  podPidsLimit: number
  /** The sizes of huge pages that the machine has: 2Mi. */
  pageSizes: readonly string[]
  /** The Pods the node has taken, as they are granted. */
  pods(): readonly Pod[]
  /** Whether a Pod has CPUs of its own. */
  unlimitedCpu(uid: string): boolean
  recorder: Recorder
  node: ObjectReference
  log: Logger
}

// pkg/kubelet/cm/node_container_manager_linux.go defaultNodeAllocatableCgroupName
const allPods = 'kubepods'

const rootOf = (below: string): string => path.join('/', below, allPods)

/** The cgroups of all Pods, of the QoS classes and of each Pod, in which the runtime puts containers. */
// pkg/kubelet/cm/pod_container_manager_linux.go, qos_container_manager_linux.go
export class PodCgroups {
  readonly #options: PodCgroupsOptions
  #tree: CgroupTree | undefined
  /** Whether the runtime can put containers where it is told to. */
  #usable: Promise<void> | undefined
  /** Why what all Pods share is not limited as it should be; undefined when it is. */
  #unlimited: string | undefined = ''
  /** What the classes were last given. */
  #classes = ''

  constructor(options: PodCgroupsOptions) {
    this.#options = options
    this.#tree = options.tree
  }

  // undefined when there is none
  get #root(): string | undefined {
    return this.#tree && rootOf(this.#options.root)
  }

  /**
   * Makes the Pod's cgroup, if it is not there. Answers its name for the runtime; empty when Pods have none here. Rejects
   * with the kernel's error, or with the runtime's when it does not answer.
   */
  async ensure(pod: Pod, signal: AbortSignal): Promise<string> {
    const root = this.#root
    const name = path.join(root ?? '', podFolder(pod))
    if (this.#usable && (await this.#tree?.exists(name))) return name
    await this.refresh(signal)
    if (!this.#tree) return ''
    try {
      await this.#tree.create(name)
      await this.#tree.set(name, this.#settings(pod, this.#options.podPidsLimit, this.#options.pageSizes))
    } catch (error) {
      // one without its limits must not be taken for one that has them
      await this.#tree.removeEmpty(name)
      throw error
    }
    return name
  }

  #settings(pod: Pod, pidsLimit: number, pageSizes: readonly string[] = []): CgroupSettings {
    return podSettings(pod, pidsLimit, pageSizes, this.#options.unlimitedCpu(pod.metadata.uid ?? ''))
  }

  /** How the Pod's cgroup comes to what the Pod is granted; undefined when it has none. */
  async changes(pod: Pod): Promise<CgroupChanges | undefined> {
    const root = this.#root
    if (!this.#tree || root === undefined) return undefined
    const current = await this.#tree.current(path.join(root, podFolder(pod)))
    return current && cgroupChanges(this.#tree.version, this.#settings(pod, 0), current)
  }

  /** Changes what the Pod as a whole has. Rejects with the kernel's error. */
  async set(pod: Pod, settings: CgroupSettings): Promise<void> {
    const root = this.#root
    if (this.#tree && root !== undefined) await this.#tree.set(path.join(root, podFolder(pod)), settings)
  }

  /** Bytes of memory that a Pod uses which has a cgroup. */
  async memoryUsage(pod: Pod): Promise<number> {
    return (await this.#tree?.memoryUsage(path.join(this.#root ?? '', podFolder(pod)))) ?? 0
  }

  /** Removes what a Pod had, which must have ended. */
  async remove(uid: string, signal: AbortSignal): Promise<void> {
    const root = this.#root
    if (!this.#tree || root === undefined || uid === '') return
    for (const folder of Object.values(podFolders(uid))) await this.#tree.remove(path.join(root, folder), signal)
  }

  /**
   * Makes what all Pods share, if it is not there, and gives the classes the weight that their Pods ask for. Rejects with
   * the kernel's error, or with the runtime's when it does not answer.
   */
  // qos_container_manager_linux.go UpdateCgroups
  async refresh(signal: AbortSignal): Promise<void> {
    await (this.#usable ??= this.#checkRuntime(signal).catch((error: unknown) => {
      this.#usable = undefined
      throw error
    }))
    const root = this.#root
    if (!this.#tree || root === undefined || !(await this.#makeShared(this.#tree, root))) return
    if (this.#unlimited !== undefined) await this.#limitAll(this.#tree, root)
    const settings = qosSettings(this.#options.pods())
    const text = JSON.stringify(settings)
    if (text === this.#classes) return
    await this.#tree.set(path.join(root, qosFolders.Burstable), settings.Burstable)
    await this.#tree.set(path.join(root, qosFolders.BestEffort), settings.BestEffort)
    this.#classes = text
  }

  async #checkRuntime(signal: AbortSignal): Promise<void> {
    if (!this.#tree) return
    const { cgroupDriver } = await this.#options.runtime.runtimeConfig(signal)
    if (cgroupDriver !== 'cgroupfs') this.#giveUp(`the runtime's cgroup driver is "${cgroupDriver}", not "cgroupfs"`)
  }

  /** Answers false where it cannot be, which is said once. */
  // pkg/kubelet/cm/container_manager_linux.go setupNode
  async #makeShared(tree: CgroupTree, root: string): Promise<boolean> {
    const classes = [qosFolders.Burstable, qosFolders.BestEffort].map((folder) => path.join(root, folder))
    const there = await Promise.all(classes.map((name) => tree.exists(name)))
    if (there.every(Boolean)) return true
    try {
      for (const name of classes) await tree.create(name)
    } catch (error) {
      this.#giveUp((error as Error).message)
      return false
    }
    this.#classes = ''
    this.#unlimited = ''
    return true
  }

  #giveUp(why: string): void {
    this.#tree = undefined
    this.#options.log.warn({ why }, 'Pods have no cgroups of their own here: going on without')
  }

  // node_container_manager_linux.go enforceNodeAllocatableCgroups
  async #limitAll(tree: CgroupTree, root: string): Promise<void> {
    const { recorder, node, share } = this.#options
    try {
      await tree.set(root, settingsOf(share))
      this.#unlimited = undefined
      recorder.event(node, 'Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods')
    } catch (error) {
      // Pods that use more than that go on until they are evicted, and it is tried again
      const why = `Failed to update Node Allocatable Limits ${printed(root)}: ${(error as Error).message}`
      if (why !== this.#unlimited) recorder.event(node, 'Warning', 'FailedNodeAllocatableEnforcement', why)
      this.#unlimited = why
    }
  }
}

/** Removes the cgroups of Pods in which nothing is: those of another node of this machine go on. */
export async function removeUnused(tree: CgroupTree, below: string): Promise<void> {
  const folders = Object.values(qosFolders).map((folder) => path.join(rootOf(below), folder))
  for (const folder of folders) {
    const pods = (await tree.children(folder)).filter((name) => name.startsWith('pod'))
    for (const pod of pods) await tree.removeEmpty(path.join(folder, pod))
  }
  for (const folder of folders.toReversed()) await tree.removeEmpty(folder)
}
