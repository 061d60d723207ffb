/**
 * A syslog facility on a command line.
 *
 * @module
 */
import { leadingDigits, number } from "../lib/cli/readers.ts";

/** How many there are (RFC 3164 4.1.1), and two of them. */
const facilities = 24;
export const mail = 2, daemon = 3;

const anyFacility = number(0, facilities - 1);

/** As 1996 has it, any text is a number. */
export const facilityOf = (text: string, classic: boolean): number =>
  classic ? leadingDigits(text) % facilities : anyFacility(text, classic);
