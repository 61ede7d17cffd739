import * as z from "zod";

/** The hosts of `jiuzhang.yaml` (design, sections 4 and 5): a transport, this machine or ssh, and a queue, none or Slurm. */

const text = z.string().min(1);
const whole = z.int().positive();

const environment = {
  python: text
    .optional()
    .describe("A Python interpreter.")
    .meta({ examples: ["~/envs/jz/bin/python"] }),
  venv: text.optional().describe("The folder of a virtual environment."),
  conda: text.optional().describe("Name or folder of a conda environment."),
  uv: text.optional().describe("A folder with a project of uv."),
  container: text.optional().describe("An image that Apptainer or Docker runs."),
};

const ownEnvironment = (task: string) => z.strictObject(environment).optional().describe(`Another environment for ${task}.`);

const slurm = z
  .strictObject({
    partition: text.optional().describe("The partition that jobs are given to."),
    gpus: whole.optional().describe("GPUs of each job."),
    account: text.optional().describe("The account that is charged."),
    qos: text.optional().describe("Quality of service."),
    time: text.optional().describe("The longest time of a job, such as 12:00:00 or 2-00:00:00. Write it in quotes."),
    nodes: whole.optional().describe("Nodes of each job; 1 unless told."),
    cpus: whole.optional().describe("Processor cores of each task."),
    memory: text.optional().describe("Memory of each node, such as 64G."),
    constraint: text.optional().describe("Features that nodes must have."),
    options: z.array(text).optional().describe("Further options of sbatch, as they stand after #SBATCH."),
  })
  .describe("Jobs go through Slurm.")
  .meta({ examples: [{ partition: "a100", gpus: 8 }] });

/**
 * What ssh takes for a host: a name of ~/.ssh/config, user@address, or ssh://user@address:port. Nothing in it means anything to a shell,
 * because a ProxyCommand or Match of the user's configuration gives it to one, and none begins like an option.
 */
const DESTINATION = /^(?:ssh:\/\/)?[A-Za-z0-9_][\w.@:%+[\]-]*$/;

export const hostSchema = z.strictObject({
  ssh: text
    .regex(DESTINATION)
    .optional()
    .describe(
      "A host as ssh knows it, from ~/.ssh/config, as user@address or as ssh://user@address:port, with no character that means something to a shell. Without it this machine.",
    )
    .meta({ examples: ["gpu-box"] }),
  root: text
    .optional()
    .describe("A folder for jobs and models, best on a large and fast disk.")
    .meta({ examples: ["/scratch/me/jz"] }),
  setup: z
    .array(text)
    .optional()
    .describe("Shell lines that run before every job.")
    .meta({ examples: [["module load cuda"]] }),
  env: z
    .strictObject({
      ...environment,
      train: ownEnvironment("training"),
      influence: ownEnvironment("influence"),
      synthesize: ownEnvironment("synthesis"),
      evaluate: ownEnvironment("evaluation"),
      verify: ownEnvironment("verification"),
      run: ownEnvironment("commands of yours"),
    })
    .optional()
    .describe("Where the worker's packages are: one environment, or one for each task.")
    .meta({ examples: [{ python: "~/envs/jz/bin/python" }] }),
  gpus: z
    .array(z.int().nonnegative())
    .optional()
    .describe("Numbers of the GPUs that may be used; without it all.")
    .meta({ examples: [[0, 1]] }),
  slurm: slurm.optional(),
});

/** This machine, which needs no declaration. */
export const HERE = "here";
