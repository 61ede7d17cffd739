/** An answer with an error status, in OpenAI's form. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, more: { type?: string; code?: string; param?: string } = {}) {
    super(message);
    this.status = status;
    this.type = more.type ?? (status >= 500 ? "server_error" : "invalid_request_error");
    this.code = more.code ?? null;
    this.param = more.param ?? null;
  }

  body(): object {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

/** A request that this server understands and does not do. */
export const unsupported = (param: string, message: string): ApiError =>
  new ApiError(400, message, { param, code: "unsupported_parameter" });

export const invalid = (param: string, message: string): ApiError => new ApiError(400, message, { param, code: "invalid_value" });
