/**
 * Where a service listens, for people.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  serviceAddress,
  writtenAddress,
} from "../../lib/base/service_address.ts";

Deno.test("writtenAddress() can be read again", () => {
  for (const text of ["/run/auth", "mx.example:25", "[2001:db8::1]:12345"]) {
    assertEquals(writtenAddress(serviceAddress(text)!), text);
  }
});
