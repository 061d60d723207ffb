/**
 * The local time as libc has it: the runtime knows no time zone that is a rule
 * (`EST5EDT,M3.2.0,M11.1.0`).
 *
 * @module
 */
import { libc } from "./libc.ts";

/** struct tm has 56 on x86_64 and aarch64; its first five words are used. */
const tmBytes = 64;

const seconds = new BigInt64Array(new ArrayBuffer(8));
const tm = new Int32Array(new ArrayBuffer(tmBytes));

/** A date and a time of day, without a year. */
export interface LocalTime {
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/**
 * What localtime(3) makes of seconds since 1970: by TZ, or by /etc/localtime
 * as it is now.
 */
export function localTime(secondsSince1970: number): LocalTime {
  seconds[0] = BigInt(secondsSince1970);
  libc().tzset(); // localtime_r(3) alone looks at the zone only once
  libc().localtime_r(seconds, tm);
  const [second, minute, hour, day, month] = tm;
  return { month, day, hour, minute, second };
}
