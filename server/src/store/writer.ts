import { type Holder, lockHolder } from "../hosts/lock-holder.ts";

/** The byte of a log's shared memory that whoever writes has locked (sqlite.org/walformat.html: 120 + WAL_WRITE_LOCK). */
const WRITE_LOCK = 120;

/** The other process that is writing to the index at this moment; null where there is none, or the system does not tell. */
export const writerOf = (index: string): Promise<Holder | null> => lockHolder(`${index}-shm`, WRITE_LOCK);
