/** A recipe of the whole method, as tests need one. */
export const STUDY = `endpoints:
  teacher: { base_url: https://api.openai.com/v1, model: gpt-4o, api_key: { secret: openai }, price: { prompt: 2.5, completion: 10 }, limits: { rpm: 500, tpm: 800000 } }
  small:   { embedded: true }
hosts:
  here:    { }
  box:     { ssh: gpu-box, root: /scratch/me/jz, env: { python: ~/envs/jz/bin/python } }
  cluster: { ssh: login1, slurm: { partition: a100, gpus: 8, account: math }, setup: [ module load cuda ] }
steps:
  seeds:    { verb: import, from: data/seeds/*.jsonl, chunk: 1000 }
  teach:    { verb: synthesize, seeds: steps.seeds, sample: 5300, prompts: prompts/**/*.prompty, assign: one, endpoint: teacher, budget: 150 }
  taught:   { verb: verify, data: steps.teach, tests: data/tests/*.jsonl }
  writer-1: { verb: train, preset: synthesizer, base: deepseek-ai/deepseek-math-7b-rl, data: { from: steps.taught, where: accepted }, host: box }
  pool:     { verb: synthesize, seeds: steps.seeds, sample: 100000, prompts: prompts/**/*.prompty, assign: one, model: steps.writer-1, host: box }
  value:    { verb: influence, candidates: steps.pool, base: mistralai/Mistral-7B-v0.1, targets: { gsm8k: data/train/gsm8k.jsonl, math: data/train/math.jsonl }, tests: data/tests/*.jsonl, host: box }
  boost:    { verb: synthesize, seeds: { from: steps.value, top: 4000 }, prompts: prompts/**/*.prompty, assign: one, endpoint: teacher }
  boosted:  { verb: verify, data: steps.boost, tests: data/tests/*.jsonl }
  writer:   { verb: train, preset: synthesizer, base: deepseek-ai/deepseek-math-7b-rl, data: [ { from: steps.taught, where: accepted }, { from: steps.boosted, where: accepted } ], host: box }
  corpus:   { verb: synthesize, seeds: steps.seeds, prompts: prompts/**/*.prompty, assign: one, model: steps.writer, host: cluster }
  clean:    { verb: verify, data: steps.corpus, tests: data/tests/*.jsonl, host: box }
  student:  { verb: train, preset: student, base: mistralai/Mistral-7B-v0.1, data: [ { from: steps.clean, where: accepted }, { from: data/sft.jsonl } ], host: cluster }
  report:   { verb: evaluate, model: steps.student, tests: data/tests/*.jsonl, styles: [ cot, tool ], host: box }
`;
