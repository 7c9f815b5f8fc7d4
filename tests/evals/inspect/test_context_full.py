"""A full context, in the words of many servers, and what only sounds like one."""

from __future__ import annotations

import json

import pytest

from darebench.evals.inspect.context_full import is_context_full

FULL = [
    # OpenAI and what speaks like it
    (400, "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens. Please reduce the length of the messages."),
    (400, "This model's maximum context length is 4097 tokens, however you requested 4226 tokens (3226 in your prompt; 1000 for the completion). Please reduce your prompt; or completion length."),
    (400, '{"error": {"message": "x", "code": "context_length_exceeded"}}'),
    (400, "Your input exceeds the context window of this model. Please adjust your input and try again."),
    (400, "Invalid 'messages[3].content': string too long. Expected a string with maximum length 10485760, but got a string with length 11000000 instead."),
    (400, "This model's maximum context length has been exceeded. Please reduce the length of the messages."),
    # vLLM, from old to new
    (400, "This model's maximum context length is 16384 tokens. However, you requested 19591 tokens (9591 in the messages, 10000 in the completion). Please reduce the length of the messages or completion."),
    (400, "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages."),
    (400, "'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length is 4096 tokens and your request has 500 input tokens (4000 > 4096 - 500)."),
    (400, "This model's maximum context length is 262144 tokens. However, you requested 128000 output tokens and your prompt contains at least 134145 input tokens, for a total of at least 262145 tokens. Please reduce the length of the input prompt or the number of requested output tokens. (parameter=input_tokens, value=134145)"),
    (400, "You passed 4097 input tokens and requested 1024 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 3072 tokens. Please reduce the length of the input messages."),
    (400, "The decoder prompt (length 163840) is longer than the maximum model length of 131072. Make sure that `max_model_len` is no smaller than the number of text tokens plus multimodal tokens."),
    (400, "The prompt (total length 5000) is too long to fit into the model (context length 4096). Make sure that `max_model_len` is no smaller than the number of text tokens."),
    (400, "max_tokens must be at least 1, got -904."),
    # SGLang
    (400, "The input (61709 tokens) is longer than the model's context length (40960 tokens)."),
    (400, "Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens). Use a shorter input or enable --allow-auto-truncate."),
    (400, "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5012 tokens: 4500 tokens from the input messages and 512 tokens for the completion."),
    # llama.cpp and llama-cpp-python
    (400, "the request exceeds the available context size. try increasing the context size or enable context shift"),
    (400, "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it"),
    (500, "Context size has been exceeded."),
    (500, '{"error": {"code": 500, "message": "x", "type": "exceed_context_size_error", "n_ctx": 256}}'),
    (500, "Requested tokens (2285) exceed context window of 2048"),
    (500, "Input prompt is too big compared to KV size. Please try increasing KV size."),
    # TGI, TensorRT-LLM, LMDeploy, MLC
    (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 200 `max_new_tokens`"),
    (422, "Input validation error: `inputs` must have less than 4095 tokens. Given: 5012"),
    (400, "Prompt length (5056) exceeds maximum sequence length (2048)"),
    (400, "Encountered an error when fetching new request: Prompt length (200) exceeds maximum input length (1)."),
    (400, "The sum of prompt length (2000.0), query length (0) max_tokens (512) should not exceed max_num_tokens (2048)"),
    (400, "default_max_tokens (-1000) must be greater than 0, default_max_tokens (-1000) = max_seq_len (4096) - splited_prompt_len (5096) - query_token_len (0)"),
    (400, "input length 9000 exceeds the session length 8192"),
    (400, "Request prompt has 5000 tokens in total, larger than the model input length limit 4096."),
    # Ollama, LM Studio
    (400, "the input length exceeds the context length"),
    (400, "prompt too long; exceeded max context length by 512 tokens"),
    (400, "Trying to keep the first 10136 tokens when context the overflows. However, the model is loaded with context length of only 7866 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input."),
    (400, "The number of tokens to keep from the initial prompt is greater than the context length. Try to load the model with a larger context length, or provide a shorter input"),
    # hosted models
    (400, "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens (190000 of text input, 10000 in the output). Please reduce the length of either one."),
    (400, "Input length 131393 exceeds the maximum allowed input length of 131040 tokens."),
    (400, "The prompt is too long: 150000, model maximum context length: 131071"),
    (400, "Please reduce the length of the messages or completion."),
    (400, "Please reduce the length of the messages or completion. Current length is 190000 while limit is 131072"),
    (400, "prompt is too long: 213411 tokens > 200000 maximum"),
    (400, "input length and `max_tokens` exceed context limit: 198000 + 8192 > 200000, decrease input length or `max_tokens` and try again"),
    (413, '{"type": "error", "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}'),
    (400, "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)."),
    (400, "Input is too long for requested model."),
    (400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
    (400, "Prompt contains 159438 tokens and 0 draft tokens, too large for model with 131072 maximum context length"),
    (400, "Invalid request: Your request exceeded model token limit: 262144"),
    (400, "invalid params, context window exceeds limit (2013)"),
    (400, "tokens in request more than max tokens allowed"),
    (400, "Prompt exceeds max length"),
    (400, "prompt token count of 140000 exceeds the limit of 128000"),
    (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000."),
    (413, "Request body too large for gpt-4o model. Max size: 8000 tokens."),
    (400, "Range of input length should be [1, 30720]"),
    (400, "输入长度超过模型最大上下文长度"),
    (200, "This model's maximum context length is 65,536 tokens. However, you requested 70,000 tokens"),
    (None, "context_length_exceeded"),
]  # fmt: skip

OTHER = [
    # how fast one may ask
    (429, "Rate limit reached for gpt-4o in organization o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s."),
    (429, "This request would exceed your organization's rate limit of 40,000 input tokens per minute."),
    (413, "Request too large for model `llama-3.1-8b` in organization `o` on tokens per minute (TPM): Limit 6000, Requested 7012, please reduce your message size and try again."),
    (400, "ThrottlingException: Too many tokens, please wait before trying again."),
    (400, "Too many tokens per day, please wait before trying again."),
    (500, "You exceeded your current quota, please check your plan: input token quota exceeded"),
    (503, "The model is overloaded; the input queue is too long"),
    # what one request may ask to have written
    (400, "max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000."),
    (400, "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet"),
    (400, "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"),
    (400, "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model"),
    (400, "max_tokens must be at least 1, got 0."),
    (400, "max_completion_tokens exceeds the limit of 8192"),
    (400, "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens."),
    (422, '{"detail": [{"loc": ["body", "max_tokens"], "msg": "Input should be greater than 0"}]}'),
    # other options and other lengths
    (422, '{"detail": [{"loc": ["body", "temperature"], "msg": "Input should be less than or equal to 2"}]}'),
    (400, "Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length 51 instead."),
    (400, "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 200 instead."),
    (400, "top_logprobs must be non-negative and no greater than 20, got 50"),
    (400, "n must be at most 1 for this model"),
    (400, "Unsupported value: 'temperature' does not support 0.5 with this model."),
    (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    (400, "registry.ollama.ai/library/gemma:2b does not support tools"),
    (500, "tools param requires --jinja flag"),
    (400, "stop sequences are too long: at most 4 tokens each"),
    (400, "Invalid tool call arguments: Expecting value: line 1 column 1 (char 0)"),
    (400, "messages: roles must alternate between user and assistant"),
    (400, "Request Header Or Cookie Too Large"),
    (400, "The request exceeds the maximum number of images (5)."),
    (400, "The request exceeds the limit of 8 concurrent requests"),
    # other faults
    (500, "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
    (500, "CUDA out of memory. Tried to allocate 2.00 GiB"),
    (401, "The access token is longer than the maximum length"),
    (400, "Your credit balance is too low to access the API."),
    (404, "The model `context-length-exceeded` does not exist"),
    (500, "Internal Server Error"),
    (502, "<html>bad gateway</html>"),
    (400, ""),
]  # fmt: skip


def as_json(status, text):
    return json.dumps({"error": {"message": text, "code": status}}, ensure_ascii=False)


@pytest.mark.parametrize(("status", "text"), FULL)
def test_a_full_context_is_known_by_what_the_server_says(status, text):
    assert is_context_full(status, text)
    assert is_context_full(status, as_json(status, text))


@pytest.mark.parametrize(("status", "text"), OTHER)
def test_what_is_no_full_context_is_not_taken_for_one(status, text):
    assert not is_context_full(status, text)
    assert not is_context_full(status, as_json(status, text))


def test_a_refusal_that_repeats_the_request_is_read_in_bounded_time():
    assert not is_context_full(400, "input " * 2_000_000)
