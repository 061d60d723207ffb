/**
 * How long lookups in the DNS took, all resolvers of the process together.
 *
 * @module
 */
import { Durations } from "../base/durations.ts";

export const lookupTimes = new Durations();
