// SPDX-License-Identifier: Apache-2.0
/** Milliseconds to wait before attempt number `attempt` (0, 1, ...): 0.4 s, doubled each time, 8 s at most. */
export const backoff = (attempt) => Math.min(8000, 400 * 2 ** attempt);
