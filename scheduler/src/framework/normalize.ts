import { maxNodeScore } from './plugin.ts'

/** Scales scores so that the highest becomes 100; `reverse` turns them round: the lowest is best. */
// pkg/scheduler/framework/plugins/helper/normalize_score.go DefaultNormalizeScore
export function normalizeScores(scores: number[], reverse: boolean): void {
  const highest = Math.max(0, extremes(scores).highest)
  for (let i = 0; i < scores.length; i++) {
    const scaled = highest === 0 ? 0 : Math.trunc((maxNodeScore * (scores[i] ?? 0)) / highest)
    scores[i] = reverse ? maxNodeScore - scaled : scaled
  }
}

/** The lowest and the highest; there may be more numbers than a call takes arguments. */
export function extremes(scores: Iterable<number>): { lowest: number; highest: number } {
  let [lowest, highest] = [Infinity, -Infinity]
  for (const score of scores) {
    if (score < lowest) lowest = score
    if (score > highest) highest = score
  }
  return { lowest, highest }
}
