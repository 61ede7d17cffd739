/** How a message of ours is named on the wire, beside the methods of the Language Server Protocol. */
export const wireName = (name: string): string => `jiuzhang/${name}`;

/** JSON-RPC error code of a failed request of ours; `data` holds the `Problem`. It lies in the range that the specification leaves to servers. */
export const PROBLEM_CODE = -32001;
