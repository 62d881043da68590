"""The shell around confluent-kafka: the consumer group, the producer of letters, the schema registry's client.

Knows the model and delivery's types. No exception or object of librdkafka is seen outside this room.
"""
