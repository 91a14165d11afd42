/** What matters of a Pod's containers. */
export interface Containers {
  readonly containers: readonly { readonly name: string; readonly image?: string | undefined }[]
}

/** The status that the kubelet of a node without a machine reports: all containers run and are ready. `since`: RFC 3339. */
export function runningStatus({ containers }: Containers, since: string): object {
  return {
    phase: 'Running',
    startTime: since,
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: since,
    })),
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: since } },
    })),
  }
}
