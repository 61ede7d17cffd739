import * as z from "zod";

export const DoctorSpec = z.strictObject({ task: z.literal("doctor") });
