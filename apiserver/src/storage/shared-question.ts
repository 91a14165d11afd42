/**
 * Answers many concurrent questions with few: a question that is asked while one is on its way waits for the next, since
 * the one on its way may have been answered before.
 */
export function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const start = (): Promise<T> => {
    running = ask().finally(() => (running = undefined))
    return running
  }
  return () => {
    if (!running) return start()
    const after = (): Promise<T> => {
      next = undefined
      return start()
    }
    return (next ??= running.then(after, after))
  }
}
