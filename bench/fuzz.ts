import { machine } from "./machine.js";
import { fuzz } from "./serving/fuzz.js";

// Sends malformed requests: the server must not crash, must not return an unexpected 5xx, and must not serve files
// outside the root. SIEDD_REQUESTS sets their number, SIEDD_SEED the random seed.

const requests = Number(process.env.SIEDD_REQUESTS ?? 10_000);
const seed = Number(process.env.SIEDD_SEED ?? 1);
const started = performance.now();
const { statuses, faults } = await fuzz(requests, seed);
const seconds = Math.round((performance.now() - started) / 1000);
const result = { requests, seed, seconds, statuses, faults: faults.length, firstFaults: faults.slice(0, 10) };
process.stdout.write(`${JSON.stringify({ bench: "fuzz", machine: machine(), ...result })}\n`);
if (faults.length > 0) process.exitCode = 1;
