/** What the clock on the wall shows. */
export interface Wall {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  /** 0 is Sunday. */
  weekday: number
}

/** The clocks of a time zone; throws for a zone that nobody knows. Undefined: that of this process. */
export class Zone {
  readonly #format: Intl.DateTimeFormat

  constructor(name: string | undefined) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
  }

  /** What the clocks show at a time, in milliseconds since the epoch. */
  at(time: number): Wall {
    const parts: Record<string, number> = {}
    for (const { type, value } of this.#format.formatToParts(time)) parts[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts
    return { year, month, day, hour, minute, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() }
  }

  /** The time as these clocks show it, in RFC 3339. */
  format(time: number): string {
    const { year, month, day, hour, minute } = this.at(time)
    const offset = Math.round(
      (Date.UTC(year, month - 1, day, hour, minute) - Math.floor(time / 60_000) * 60_000) / 60_000,
    )
    const shown = new Date(time + offset * 60_000).toISOString().slice(0, 19)
    if (offset === 0) return `${shown}Z`
    const two = (value: number): string => String(value).padStart(2, '0')
    return `${shown}${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  }
}

/** What is wrong with the name of a time zone. */
// Go's time.LoadLocation
export const problemOfZone = (name: string): string | undefined => {
  try {
    new Zone(name)
    return undefined
  } catch {
    return `unknown time zone ${name}`
  }
}
